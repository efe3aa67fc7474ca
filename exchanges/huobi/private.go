package huobi

import "github.com/depthwire/depthwire/exchange"

// privateSpot are the codes of private calls of spot by kind, section 10.3. The words behind api-signature-not-valid are
// precise's.
var privateSpot = map[error]string{
	exchange.ErrAuth: "api-signature-not-valid, api-signature-check-failed, login-required, 403, 1003",
	exchange.ErrPermission: "api-signature-not-valid: permission, base-operation-forbidden, operation-forbidden-for-lock-account-state, " +
		"operation-forbidden-for-fl-account-state, sub-user-auth-required, 1002",
	exchange.ErrAddress:   "api-signature-not-valid: address",
	exchange.ErrNonce:     "api-signature-not-valid: time",
	exchange.ErrBadSymbol: "order-disabled, cancel-disabled",
	exchange.ErrFunds: "account-frozen-balance-insufficient-error, account-balance-insufficient-error, order-accountbalance-error, " +
		"account-transfer-balance-insufficient-error, dw-insufficient-balance",
	exchange.ErrInvalidOrder: "order-limitorder-amount-min-error, order-limitorder-amount-max-error, order-marketorder-amount-min-error, " +
		"order-marketorder-amount-buy-max-error, order-marketorder-amount-sell-max-error, order-value-min-error, order-amount-over-limit, " +
		"order-holding-limit-failed, order-limitorder-price-min-error, order-limitorder-price-max-error, order-invalid-price, " +
		"order-price-greater-than-limit, order-price-less-than-limit, price-exceeds-the-protective-price-during-limit-price-trading, " +
		"order-etp-nav-price-min-error, order-etp-nav-price-max-error, order-orderprice-precision-error, order-orderamount-precision-error, " +
		"order-type-invalid, order-source-invalid, order-stop-order-hit-trigger, market-orders-not-support-during-limit-price-trading, " +
		"invalid-client-order-id, order-orderstate-error, order-update-error, order-user-cancel-forbidden, order-fl-cancellation-is-disallowed",
	exchange.ErrOrderNotFound: "base-record-invalid, base-not-found, not-found, order-queryorder-invalid, order-orderstate-error: ended",
	exchange.ErrBadRequest:    "account-get-accounts-inexistent-error, account-account-id-inexistent, api-not-support-temp-addr, Invaild-Address",
}

// privateContracts are the codes of private calls and sockets of contracts by kind, sections 10.4 and 10.5.
var privateContracts = map[error]string{
	exchange.ErrAuth: "403, 512, 513, 1253, 12002, 12003, 12004, 12007, 12008, 1010, 1011, 1012, 1018, 2001, 2002, 2003, 2013",
	exchange.ErrPermission: "12009, 1205, 1220, 1228, 1100, 1101, 1102, 1103, 1104, 1105, 1109, 1110, 1111, 1112, 1113, 1114, 1115, 1227, " +
		"4002, 4003, 4004, 4005, 4006, 4007, 1510, 1083, 1097, 6002, 2007",
	exchange.ErrAddress:       "12005",
	exchange.ErrNonce:         "12001, 12006",
	exchange.ErrOrderNotFound: "1017, 1051, 1061, 1062, 1063, 1071",
	exchange.ErrFunds:         "1047, 1090, 1091, 1301",
	exchange.ErrInvalidOrder: "1037, 1094, 1206, 1349, 1450, 1038, 1412, 1039, 1055, 1069, 1072, 1075, 1040, 1041, 1042, 1043, 1044, 1048, " +
		"1461, 1462, 1490, 1491, 1492, 1049, 1050, 1052, 1499, 1500",
}
