package okx

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

const liquidationRows = 100

// askLiquidations asks for those of a range, the newest first. A swap is alone in its family.
func askLiquidations(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	r.Set("instType", "SWAP")
	r.Set("instFamily", strings.TrimSuffix(ms[0].ID, "-SWAP"))
	r.Set("state", "filled")
	setRange(r, a.Range, liquidationRows)
	return nil
}

func beforeLiquidations(page []exchange.Liquidation, a exchange.Args) (exchange.Args, bool) {
	a.Range.Until = page[0].Time.Add(time.Millisecond) // others may have the same time
	return a, true
}

// parseStatus reads the maintenances that are announced: one that is going on is one (section 3.6).
func parseStatus(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	announced := gjson.GetBytes(b, "data")
	if !gjson.ValidBytes(b) || !announced.IsArray() {
		return dst, errFrame
	}
	now := exchange.Status{State: exchange.OK}
	for _, x := range announced.Array() {
		production := !x.Get("env").Exists() || x.Get("env").String() == "1"
		var until time.Time // zero where it does not say
		if ms := x.Get("end").Int(); ms > 0 {
			until = time.UnixMilli(ms).UTC()
		}
		if production && x.Get("state").String() == "ongoing" && !until.Before(now.Until) {
			now = exchange.Status{State: exchange.Maintenance, Until: until, Message: x.Get("title").String()}
		}
	}
	return append(dst, now), nil
}
