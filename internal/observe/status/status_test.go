package status

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
)

func TestMain(m *testing.M) {
	if mounttest.Serve() {
		return
	}
	goleak.VerifyTestMain(m)
}
