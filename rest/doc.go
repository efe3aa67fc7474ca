// Package rest is the HTTP side of a venue: it signs a request, waits until the venue's limits allow it, sends it, bounds
// and reads the answer, and tries again where that is safe. It knows no venue: what differs between them comes in as
// data (Limit, Charge) and as two pure hooks (Signer, Judge).
//
//   - Client sends requests. Redirects are not followed, bodies are bounded after decompression, only idempotent
//     requests are repeated, and no error or log line holds a query, a header or the address's secrets.
//   - Governor keeps the state of limits. Clients that count against the same limits share one by pointer; callers wait
//     in it by priority, a 429 stops all who charge the same limits, and a 418 stops everybody.
//   - Clock keeps the measured offset to the venue's clock, for signatures and for the windows of limits.
//
// Everything is safe for concurrent use. Nothing here starts a goroutine that outlives the call that needed it.
package rest
