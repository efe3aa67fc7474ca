// Package suite has the tests that all databases and all brokers must pass,
// against real servers.
package suite
