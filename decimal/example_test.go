package decimal_test

import (
	"encoding/json"
	"fmt"

	"github.com/depthwire/depthwire/decimal"
)

func Example() {
	price := decimal.MustParse("68250.10000000")
	size := decimal.MustParse("9.121E-7")
	fmt.Println(price, size)
	fmt.Println(price.Mul(size), price.Mul(size).Trunc(4))
	fmt.Println(price.Equal(decimal.MustParse("68250.1")), price == decimal.MustParse("68250.1"))
	// Output:
	// 68250.10000000 9.121E-7
	// 0.062250916210000000 0.0622
	// true false
}

func ExampleDecimal_Absent() {
	var level struct{ Price, Stop decimal.Decimal }
	if err := json.Unmarshal([]byte(`{"Price":1.50,"Stop":""}`), &level); err != nil {
		fmt.Println(err)
	}
	fmt.Println(level.Price, level.Stop.Absent())
	out, _ := json.Marshal(level)
	fmt.Println(string(out))
	// Output:
	// 1.50 true
	// {"Price":"1.50","Stop":null}
}

func ExampleDecimal_Parts() {
	coef, scale, ok := decimal.MustParse("0.35130000").Parts()
	fmt.Println(coef, scale, ok)
	// Output: 35130000 8 true
}

func ExampleDecimal_Quo() {
	fmt.Println(decimal.New(1000, 2).Quo(decimal.New(4, 0)))
	third := decimal.New(1, 0).Quo(decimal.New(3, 0))
	fmt.Println(third, third.Exact(), third.Round(4))
	// Output:
	// 2.50
	// 0.3333333333333333333333333333 false 0.3333
}
