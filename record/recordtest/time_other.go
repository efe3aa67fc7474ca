//go:build !unix

package recordtest

import "time"

func processorTime() time.Duration { return 0 }
