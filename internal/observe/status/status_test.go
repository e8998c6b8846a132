package status

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
)

func TestMain(m *testing.M) {
	guard.Start()
	if mounttest.Serve() {
		return
	}
	goleak.VerifyTestMain(m)
}
