package backend

import "time"

// pause is between two looks at what the scheduler does: there is no event to
// wait for.
func pause() { time.Sleep(time.Millisecond) }
