package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/testing/magick"
	"github.com/xelpack/xelpack/pkg/dds"
)

// show prints a command line and runs xelpack with it.
func (d *demo) show(ctx context.Context, args ...string) error {
	fmt.Printf("\n$ xelpack %s\n", shell.Command(args...))
	cmd := exec.CommandContext(ctx, d.xelpack, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("xelpack %s: %w", args[0], err)
	}
	return nil
}

// checkPixels lets ImageMagick, which shares no code with xelpack, read every level of an exported
// texture.
func (d *demo) checkPixels(ctx context.Context) error {
	tool, err := magick.Find()
	if err != nil {
		say("Not checked by ImageMagick: %v", err)
		return nil
	}
	files, err := filepath.Glob(filepath.Join(d.exported(), "*.dds"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no exported textures in %s: %w", d.exported(), err)
	}
	file, err := os.ReadFile(files[len(files)/2])
	if err != nil {
		return err
	}
	l, err := dds.ParseHeader(file)
	if err != nil {
		return err
	}
	if err := tool.CheckLevels(ctx, l, file); err != nil {
		return fmt.Errorf("%s: %w", files[len(files)/2], err)
	}
	say("ImageMagick decodes all %d mip levels of %s to the same pixels", l.Levels(),
		filepath.Base(files[len(files)/2]))
	return nil
}

// mountPatience is how long the mount may take to start or end.
const mountPatience = 20 * time.Second

// mountAndCompare serves the archive over the scenery and compares every texture, read through the
// kernel, with the exported one.
func (d *demo) mountAndCompare(ctx context.Context) error {
	if _, err := os.Stat("/dev/fuse"); err != nil {
		say("The mount is skipped: this machine has no /dev/fuse")
		return nil
	}
	point := filepath.Join(d.dir, "Custom Scenery", "zzXEL_demo_ortho")
	if err := os.MkdirAll(point, 0o777); err != nil {
		return err
	}
	args := []string{"mount", d.archive(), "--scenery", d.scenery(), "--provider",
		d.server.Template(), point}
	fmt.Printf("\n$ xelpack %s &\n", shell.Command(args...))
	cmd := exec.CommandContext(ctx, d.xelpack, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	gone := make(chan error, 1)
	go func() { gone <- cmd.Wait() }()

	compared := d.compare(ctx, point, gone)
	if errors.Is(compared, errGone) {
		return compared
	}
	unmounted := d.show(ctx, "umount", point)
	select {
	case err := <-gone:
		return errors.Join(compared, unmounted, err)
	case <-time.After(mountPatience):
		return errors.Join(compared, unmounted, errors.New("the mount did not end"))
	}
}

var errGone = errors.New("the mount ended too early")

func (d *demo) compare(ctx context.Context, point string, gone chan error) error {
	textures := filepath.Join(point, "textures")
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(textures); err == nil {
			break
		}
		select {
		case err := <-gone:
			return errors.Join(errGone, err)
		default:
		}
		if time.Since(start) > mountPatience {
			return errors.New("the mount did not start")
		}
	}
	fmt.Printf("\n$ ls -l %s | head -4\n", shell.Command(textures))
	list, err := exec.CommandContext(ctx, "ls", "-l", textures).Output()
	if err != nil {
		return fmt.Errorf("list the mount: %w", err)
	}
	lines := bytes.SplitAfter(list, []byte("\n"))
	_, _ = os.Stdout.Write(bytes.Join(lines[:min(4, len(lines))], nil))

	exported, err := filepath.Glob(filepath.Join(d.exported(), "*.dds"))
	if err != nil {
		return err
	}
	for _, file := range exported {
		// cmp is another process, so that none of our code compares.
		if out, err := exec.CommandContext(ctx, "cmp", file,
			filepath.Join(textures, filepath.Base(file))).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w", bytes.TrimSpace(out), err)
		}
	}
	say("All %d textures read through the mount equal those of the archive, byte for byte",
		len(exported))
	return d.readLive(ctx, textures)
}

// readLive opens a texture that the scenery names and the archive lacks: the mount makes it while
// the reader waits.
func (d *demo) readLive(ctx context.Context, textures string) error {
	for _, t := range d.made.Textures {
		if slices.Contains(d.made.Real, t) || exists(filepath.Join(d.exported(), t.File())) {
			continue
		}
		start := time.Now()
		out, err := exec.CommandContext(ctx, "wc", "-c",
			filepath.Join(textures, t.File())).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w", bytes.TrimSpace(out), err)
		}
		if !strings.HasPrefix(string(out), strconv.FormatInt(fullTexture.Size(), 10)+" ") {
			return fmt.Errorf("the live texture %s has the wrong size: %s", t, out)
		}
		say("%s is not in the archive: the mount made it in %.1f s, %d bytes", t.File(),
			time.Since(start).Seconds(), fullTexture.Size())
		return nil
	}
	return errors.New("every texture is packed: there is none left to be made live")
}

var fullTexture = dds.Layout{Format: dds.BC1, Side: dds.MaxSide}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
