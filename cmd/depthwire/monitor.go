package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/metrics"
)

// serveMetrics serves /metrics and /healthz until stop is called; at no address nothing is served.
func (a *app) serveMetrics(address string, stats func() record.Stats) (stop func() error, err error) {
	if address == "" {
		return func() error { return nil }, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if !a.json {
		fmt.Fprintf(a.err, "depthwire: http://%s/metrics and /healthz\n", l.Addr())
	}
	s := &http.Server{Handler: metrics.Handler(stats, metrics.Options{}), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	var serving sync.WaitGroup
	var failed error
	serving.Go(func() { failed = s.Serve(l) })
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			s.Close() // somebody holds a connection
		}
		if serving.Wait(); errors.Is(failed, http.ErrServerClosed) {
			return nil
		}
		return failed
	}, nil
}
