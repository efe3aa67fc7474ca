package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
)

func TestOutage(t *testing.T) {
	server := backend.Start(t, "mysql", "TEST_MYSQL_DSN")
	recordtest.Outage(t, &recordtest.Place{Open: func(ctx context.Context) (record.Store, error) {
		s, err := Open(ctx, server.URL("TEST_MYSQL_DSN"))
		if err != nil {
			return nil, err
		}
		return s, nil
	}}, server)
}

func TestOpenRefuses(t *testing.T) {
	for _, address := range []string{"mysql://user:s3cret@tcp(host:1/x", "mysql://%zz:s3cret@", ""} {
		s, err := Open(t.Context(), address)
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, ErrAddress) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want ErrAddress", address, err)
		}
	}
	taken, another := place(t), place(t)
	execute(t, taken, "CREATE TABLE market (name TEXT)")
	execute(t, another, "CREATE TABLE meta (name TEXT)")
	for _, address := range []string{taken, another} {
		for range 2 {
			if s, err := Open(t.Context(), address); !errors.Is(err, record.ErrSchema) {
				t.Errorf("where others have tables of these names: %v, want ErrSchema", err)
				if err == nil {
					s.Close()
				}
			}
		}
	}
}

// Statements that make tables cannot be undone: a schema that was made in part is made anew.
func TestSchemaThatWasNotFinished(t *testing.T) {
	address := place(t)
	s := open(t, address)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := connect(t, address)
	for _, text := range []string{"UPDATE meta SET `schema` = 0", "DROP VIEW levels", "DROP VIEW trades", "DROP TABLE gaps_row", "DELETE FROM meta"} {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	recordtest.Known(t, open(t, address))
	var n int
	if err := db.QueryRow("SELECT (SELECT count(*) FROM trades) + (SELECT count(*) FROM gaps)").Scan(&n); err != nil || n != 4 {
		t.Errorf("%d rows, %v, want 4", n, err)
	}
}

// An address in the form of a URL leads to the same place, and one of two sinks that open it at once is fenced.
func TestAddressOfURL(t *testing.T) {
	address := place(t)
	user, rest, _ := strings.Cut(address, "@tcp(")
	host, path, _ := strings.Cut(rest, ")")
	first := open(t, address)
	open(t, fmt.Sprintf("mysql://%s@%s%s", user, host, path))
	if _, err := first.Cursor(t.Context(), recordtest.Log(1)); !errors.Is(err, record.ErrFenced) {
		t.Errorf("Cursor of the first: %v, want ErrFenced", err)
	}
}

// The views give numbers to calculate with beside the exact texts.
func TestViews(t *testing.T) {
	address := place(t)
	s, db := open(t, address), connect(t, address)
	recordtest.Known(t, s)
	for question, want := range map[string]string{
		`SELECT concat_ws(' ', price, price_real * 2, size) FROM trades WHERE id = '1'`:                                      "68250.10 136500.2 0.500",
		`SELECT concat_ws(' ', price, price_real, size) FROM trades WHERE id = '2'`:                                          "1e-7 0.0000001 -0.0",
		`SELECT concat_ws(' ', venue, symbol, time, received) FROM trades WHERE id = '1'`:                                    "okx BTC/USDT 1795316400122456789 1795316400123456789",
		`SELECT group_concat(concat_ws(' ', side, level, price, size) ORDER BY side DESC, level SEPARATOR ', ') FROM levels`: "bid 1 10.50 1E-7, bid 2 10.40 2, ask 1 11 0",
		`SELECT group_concat(healed ORDER BY received SEPARATOR ' ') FROM gaps`:                                              "1 0",
		`SELECT count(*) FROM gaps_row`: "3",
	} {
		var got string
		if err := db.QueryRow(question).Scan(&got); err != nil || got != want {
			t.Errorf("%s\n got %q, %v\nwant %q", question, got, err, want)
		}
	}
}
