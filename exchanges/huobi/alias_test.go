package huobi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/huobi"
)

// TestAlias: the list of all tickers names dated contracts by their term.
func TestAlias(t *testing.T) {
	day := time.Now().AddDate(0, 0, 30).UTC()
	rules := `{"status":"ok","data":[{"symbol":"BTC","contract_code":"BTC-USDT-` + day.Format("060102") + `","contract_size":0.001,"price_tick":0.1,` +
		`"delivery_time":"` + strconv.FormatInt(day.UnixMilli(), 10) + `","contract_status":1,"contract_type":"quarter"}]}`
	answers := map[string]string{
		"/linear-swap-api/v1/swap_contract_info": rules,
		"/v2/linear-swap-ex/market/detail/batch_merged": `{"status":"ok","ticks":[{"contract_code":"BTC-USDT-CQ","close":"61250.4","vol":"24.5","number_of":"4"},` +
			`{"contract_code":"BTC-USDT-NQ","close":"61250.4"}],"ts":1788081327583}`,
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := answers[r.URL.Path]
		if body == "" {
			body = `{"status":"ok","data":[]}`
		}
		_, _ = io.WriteString(w, body)
	}))
	defer s.Close()
	c := huobi.New(exchange.Options{Endpoints: map[string]string{"spot.rest": s.URL, "contract.rest": s.URL}})
	defer c.Close()
	m := must[exchange.Market](t)(c.Market(t.Context(), "BTC-USDT-CQ"))
	if m.Alias != "BTC-USDT-CQ" || !strings.HasPrefix(m.Symbol, "BTC/USDT:USDT-") {
		t.Errorf("%+v", m)
	}
	vs, _ := c.FetchTickers(t.Context()) // inverse contracts have no list
	if len(vs) != 1 || vs[0].Symbol != m.Symbol || !same(vs[0].ContractVolume, "2") || !same(vs[0].QuoteVolume, "12.25") {
		t.Errorf("%+v", vs)
	}
}
