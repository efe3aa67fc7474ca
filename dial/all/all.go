// Package all registers all schemes of dial: import it for its effect.
//
//	import _ "github.com/depthwire/depthwire/dial/all"
//
// It links every driver. A program that knows what it needs imports the packages
// of those schemes.
package all

import (
	_ "github.com/depthwire/depthwire/dial/amqp"       // amqp
	_ "github.com/depthwire/depthwire/dial/clickhouse" // clickhouse
	_ "github.com/depthwire/depthwire/dial/kafka"      // kafka
	_ "github.com/depthwire/depthwire/dial/mqtt"       // mqtt
	_ "github.com/depthwire/depthwire/dial/mysql"      // mysql
	_ "github.com/depthwire/depthwire/dial/nats"       // nats
	_ "github.com/depthwire/depthwire/dial/postgres"   // postgres
	_ "github.com/depthwire/depthwire/dial/sqlite"     // sqlite3
)
