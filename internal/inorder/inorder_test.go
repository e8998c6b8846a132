package inorder

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// Do keeps the order and the first error, and leaves nobody behind.
func TestInOrder(t *testing.T) {
	t.Parallel()
	items := func(yield func(int) bool) {
		for i := 0; i < 100 && yield(i); i++ {
		}
	}
	var got []int
	err := Do(t.Context(), 7, items,
		func(_ context.Context, i int) (int, error) { return 2 * i, nil },
		func(_ context.Context, v int) error { got = append(got, v); return nil })
	if err != nil || len(got) != 100 {
		t.Fatalf("%d results, %v", len(got), err)
	}
	for i, v := range got {
		if v != 2*i {
			t.Fatalf("result %d is %d", i, v)
		}
	}
	sick := errors.New("sick")
	for _, bad := range []int{0, 50, 99} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			work := func(_ context.Context, i int) (int, error) {
				if i == bad {
					return 0, sick
				}
				return i, nil
			}
			if err := Do(t.Context(), 3, items, work,
				func(context.Context, int) error { return nil }); err != sick {
				t.Errorf("work: got %v", err)
			}
			each := func(_ context.Context, i int) error {
				if i == bad {
					return sick
				}
				return nil
			}
			if err := Do(t.Context(), 3, items,
				func(_ context.Context, i int) (int, error) { return i, nil }, each); err != sick {
				t.Errorf("each: got %v", err)
			}
		})
	}
}
