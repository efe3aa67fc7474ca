package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
)

var begin = time.Date(2026, 11, 22, 3, 0, 0, 123456789, time.UTC)

// tradeRows makes n distinct trades of eight markets.
func tradeRows(n, from int) []exchange.Trade {
	ts := make([]exchange.Trade, n)
	for i := range ts {
		k := from + i
		ts[i] = exchange.Trade{
			Stamp: exchange.Stamp{Venue: "binance", Symbol: fmt.Sprintf("COIN%d/USDT:USDT", k%8), Seq: int64(k),
				Time: begin.Add(time.Duration(k) * time.Millisecond), Received: begin.Add(time.Duration(k)*time.Millisecond + 700*time.Microsecond)},
			ID: fmt.Sprint(6_000_000_000 + k), Side: exchange.Buy,
			Price: decimal.New(6825010+int64(k%977), 2), Size: decimal.New(int64(k%5003)+1, 5),
		}
	}
	return ts
}

func bookRow(k, levels int) exchange.OrderBook {
	b := exchange.OrderBook{Stamp: exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Seq: int64(k), Time: begin, Received: begin.Add(time.Duration(k))}}
	for i := range levels {
		b.Bids = append(b.Bids, exchange.Level{Price: decimal.New(int64(6825000-i), 2), Size: decimal.New(int64(k+i)%997+1, 4)})
		b.Asks = append(b.Asks, exchange.Level{Price: decimal.New(int64(6825001+i), 2), Size: decimal.New(int64(k+i)%991+1, 4)})
	}
	return b
}

const benchBatch = 1000

// BenchmarkSQLite compares the sink with a bare loop over the same driver, file settings, schema
// and rows. One op is one row.
func BenchmarkSQLite(b *testing.B) {
	b.Run("trades/sink", func(b *testing.B) {
		benchSink(b, func(n, from int) *record.Batch { return &record.Batch{Trades: tradeRows(n, from)} })
	})
	b.Run("trades/bare", benchBare)
	b.Run("books20/sink", func(b *testing.B) {
		benchSink(b, func(n, from int) *record.Batch {
			batch := new(record.Batch)
			for i := range n {
				batch.Books = append(batch.Books, bookRow(from+i, 20))
			}
			return batch
		})
	})
}

func benchSink(b *testing.B, rows func(n, from int) *record.Batch) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "ticks.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	done := 0
	for b.Loop() {
		if done%benchBatch == 0 {
			b.StopTimer()
			batch := rows(benchBatch, done)
			batch.From, batch.To = uint64(done), uint64(done+benchBatch)
			b.StartTimer()
			if err := s.Write(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
		done++
	}
	b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "rows/s")
}

// benchBare is what one would write by hand: a transaction a batch, one prepared
// statement, the values as they are.
func benchBare(b *testing.B) {
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(b.TempDir(), "bare.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	conn := s.conn
	insert, err := conn.PrepareContext(ctx, inserts[insertTrade])
	if err != nil {
		b.Fatal(err)
	}
	defer insert.Close()
	done := 0
	for b.Loop() {
		if done%benchBatch == 0 {
			b.StopTimer()
			ts := tradeRows(benchBatch, done)
			b.StartTimer()
			bareBatch(b, ctx, conn, insert, ts)
		}
		done++
	}
	b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "rows/s")
}

func bareBatch(b *testing.B, ctx context.Context, conn *sql.Conn, insert *sql.Stmt, ts []exchange.Trade) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	insert = tx.StmtContext(ctx, insert)
	for i := range ts {
		t := &ts[i]
		if _, err := insert.ExecContext(ctx, t.Seq%8, t.Time.UnixNano(), t.Received.UnixNano(), t.Seq, t.ID, nil,
			string(t.Side), t.Price.String(), t.Size.String(), nil, nil); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
