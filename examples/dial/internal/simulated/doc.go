// Package simulated is what the examples of dial talk to when they are tried
// out: venues with a customer each, and a feed of a kind that no venue has any
// more. examples/dial/serve serves them on this machine, and the tests of the
// examples in memory.
package simulated
