// Package inorder does work side by side and hands on the results one after the other.
package inorder

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"
)

// Do does work on items, as many at once as workers, and hands the results to each one after the
// other in the order of the items. No more than workers+2 results exist at any time: those being
// worked on, one that waits for its turn, one that each has.
func Do[T,
	R any](ctx context.Context, workers int, items iter.Seq[T],
	work func(context.Context, T) (R, error), each func(context.Context, R) error) error {
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan R, workers) // of places for results, in the order of the items
	g.Go(func() error {
		defer close(queue)
		for item := range items {
			place := make(chan R, 1)
			select {
			case queue <- place:
			case <-ctx.Done():
				return ctx.Err()
			}
			g.Go(func() error {
				result, err := work(ctx, item)
				if err == nil {
					place <- result
				}
				return err
			})
		}
		return nil
	})
	g.Go(func() error {
		for place := range queue {
			select {
			case result := <-place:
				if err := each(ctx, result); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return ctx.Err()
	})
	return g.Wait()
}
