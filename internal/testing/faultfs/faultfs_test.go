package faultfs

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/testing/guard"
)

func TestMain(m *testing.M) {
	guard.Start()
	m.Run()
}

func mount(t *testing.T, files map[string][]byte) (*FS, string) {
	t.Helper()
	dir := t.TempDir()
	f, err := Mount(dir, files)
	if err != nil {
		t.Skipf("no FUSE here: %v", err)
	}
	t.Cleanup(func() {
		if err := f.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return f, dir
}

// shell has another process use the folder. It goes there by itself: with cmd.Dir the child would
// wait for this process before it is a program of its own, while this process, which holds still
// for it, may not answer.
func shell(t *testing.T, dir, script string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", `cd "$0"; `+script, dir)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	return err
}

// What is done comes back, and is remembered in its order.
func TestSteps(t *testing.T) {
	f, dir := mount(t, map[string][]byte{"old": []byte("old")})
	err := shell(t, dir, `
		printf hello > a
		printf y | dd of=a bs=1 seek=8 conv=notrunc status=none
		truncate -s 7 a
		sync a
		mv a b
		rm old
		sync .
		test "$(od -An -c b | tr -d ' ')" = 'hello\0\0'
		test "$(ls)" = b`)
	if err != nil {
		t.Error(err)
	}
	var said []string
	for _, s := range f.Steps() {
		said = append(said, s.String())
	}
	want := []string{"create a", "write a 0+5", "write a 8+1", "truncate a to 7", "sync a",
		"rename a to b", "remove old", "sync the folder "}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]byte{"b": []byte("hello\x00\x00")}, f.Files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// A step that is refused does not happen, and whoever asked is told why.
func TestBefore(t *testing.T) {
	f, dir := mount(t, nil)
	f.Before(func(n int, s Step) syscall.Errno {
		if n >= 1 && s.Grows {
			return syscall.ENOSPC
		}
		return 0
	})
	if err := shell(t, dir, `printf hello > a`); err == nil {
		t.Error("it went through")
	}
	if diff := cmp.Diff(map[string][]byte{"a": nil}, f.Files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Only what was synced outlives a power cut for certain.
func TestAfter(t *testing.T) {
	steps := []Step{
		{Kind: Create, Name: "a", inode: 2},
		{Kind: Write, Name: "a", Data: []byte("synced"), inode: 2},
		{Kind: SyncFile, Name: "a", inode: 2},
		{Kind: SyncFolder},
		{Kind: Write, Name: "a", Off: 4, Data: []byte("xyz"), inode: 2},
		{Kind: Remove, Name: "old"},
		{Kind: Rename, Name: "a", To: "b", inode: 2},
	}
	old := map[string][]byte{"old": []byte("old")}
	content := func(s string) []byte { return []byte(s) }
	for _, tt := range []struct {
		name string
		n    int
		fate Fate
		want map[string][]byte
	}{
		{"nothing yet", 0, Lost, old},
		{"file synced, folder not", 3, Lost, old},
		{"both synced", 4, Lost, map[string][]byte{"old": old["old"], "a": content("synced")}},
		{"all the rest lost", 7, Lost,
			map[string][]byte{"old": old["old"], "a": content("synced")}},
		{"all the rest kept", 7, Kept, map[string][]byte{"b": content("syncxyz")}},
		{"longer, and zeros", 5, Zeroed,
			map[string][]byte{"old": old["old"], "a": content("synced\x00")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := After(old, steps, tt.n, func(int, Step) Fate { return tt.fate })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("torn", func(t *testing.T) {
		data := make([]byte, 3*sector)
		for i := range data {
			data[i] = 1
		}
		steps := []Step{{Kind: Create, Name: "a", inode: 1}, {Kind: SyncFolder},
			{Kind: Write, Name: "a", Off: 100, Data: data, inode: 1}}
		got := After(nil, steps, 3,
			func(int, Step) Fate { return Fate{Keep: func(s int64) bool { return s == 1 }} })["a"]
		if len(got) != 2*sector || got[sector-1] != 0 || got[sector] != 1 || got[2*sector-1] != 1 {
			t.Errorf("%d bytes", len(got))
		}
	})
}
