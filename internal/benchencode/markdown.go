package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/benchpage"
)

// markdown is the encoder section of the benchmarks page.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Encoder\n\n`make bench-encode` on %s; one thread; imagery: %s. Every figure is a sum over the chunks, of each\nthe best of several runs, all taken in turns.\n\n", benchpage.Machine(), r.set)
	baseline := 0.0
	if i := slices.IndexFunc(r.encoders, func(e *encoderResult) bool { return e.name == squishName }); i >= 0 {
		baseline = r.encoders[i].speed()
	}
	b.WriteString("| BC1 encoder | MPix/s | × libsquish range | PSNR dB | PSNR dB, colours rounded | PSNR dB, ImageMagick | SSIM |\n|---|---|---|---|---|---|---|\n")
	for _, e := range r.encoders {
		ratio := "not measured"
		if baseline > 0 {
			ratio = fmt.Sprintf("%.1f", e.speed()/baseline)
		}
		magick := "not installed"
		if e.magick > 0 {
			magick = fmt.Sprintf("%.3f", e.magick)
		}
		fmt.Fprintf(&b, "| %s | %.1f | %s | %.3f | %.3f | %s | %.4f |\n", e.name, e.speed(), ratio, e.ideal, e.rounded, magick, e.ssim)
	}
	b.WriteString("\nPSNR is over RGB against the decoded JPEG, level 0, with the colours between a block's ends at exact thirds and, beside it, rounded to code values\nas decoders do, and as ImageMagick decodes the file. SSIM is of luma.\n\n| 256 chunks | ms |\n|---|---|\n")
	for _, s := range r.stages {
		fmt.Fprintf(&b, "| %s | %.1f |\n", s.name, s.milliseconds())
	}
	fmt.Fprintf(&b, "\nA whole texture is JPEG decoding, mips, all levels and the tail.\n\n| two workers, against one | × |\n|---|---|\n| on one texture | %.2f |\n| each on a texture of its own | %.2f |\n| only adding numbers: what the processors allow | %.2f |\n", r.scaling.texture, r.scaling.apart, r.scaling.spinning)
	return b.String()
}
