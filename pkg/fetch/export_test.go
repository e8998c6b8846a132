package fetch

import (
	"context"
	"time"
)

// SetWait replaces the sleeps of sources made from now on.
func (c *Client) SetWait(wait func(context.Context, time.Duration) error) { c.wait = wait }
