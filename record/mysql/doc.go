// Package mysql is the sink of package record for MySQL and MariaDB.
package mysql
