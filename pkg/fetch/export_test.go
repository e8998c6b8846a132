package fetch

import (
	"context"
	"time"
)

// SetWait replaces the sleeps of sources made from now on.
func (c *Client) SetWait(wait func(context.Context, time.Duration) error) { c.wait = wait }

// Sleep is how sources wait unless SetWait has said otherwise.
func Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, d) }
