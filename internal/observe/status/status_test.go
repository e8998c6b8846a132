package status

import (
	"testing"

	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
)

func TestMain(m *testing.M) {
	guard.Start()
	if mounttest.Serve() {
		return
	}
	patience.Main(m)
}
