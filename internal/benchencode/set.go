package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/pkg/dds"
)

const (
	across    = 16 // chunks along a side
	chunks    = across * across
	chunkSide = 256
)

// set is the imagery of one texture: 256 chunks as JPEG and decoded.
type set struct {
	name   string
	jpegs  [chunks][]byte
	pixels [chunks]*image.NRGBA
}

func loadSet(dir string) (*set, error) {
	s := &set{name: "256 aerial chunks (set C)"}
	w := dds.NewWorker()
	defer func() { _ = w.Close() }()
	for i := range s.jpegs {
		data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%02d_%02d.jpg", i/across, i%across)))
		if i == 0 && errors.Is(err, fs.ErrNotExist) {
			s.name = "256 generated chunks"
		} else if err != nil {
			return nil, err
		}
		if data == nil {
			if data, err = generate(uint64(i)); err != nil {
				return nil, err
			}
		}
		if s.pixels[i], err = w.DecodeJPEG(data); err != nil {
			return nil, fmt.Errorf("chunk %d: %w", i, err)
		}
		s.jpegs[i] = data
	}
	return s, nil
}

// generate draws a chunk of smoothed noise in four octaves with fields and roads in it.
func generate(seed uint64) ([]byte, error) {
	rng := rand.New(rand.NewPCG(seed, 11))
	img := image.NewRGBA(image.Rect(0, 0, chunkSide, chunkSide))
	var noise [4][33 * 33]float64
	for o := range noise {
		for i := range noise[o] {
			noise[o][i] = rng.Float64() - 0.5
		}
	}
	for y := range chunkSide {
		for x := range chunkSide {
			v := 0.0
			for o := range noise {
				step := 64 >> o
				fx, fy := float64(x%step)/float64(step), float64(y%step)/float64(step)
				at := y/step*33 + x/step
				n := noise[o][:]
				v += ((n[at]*(1-fx)+n[at+1]*fx)*(1-fy) + (n[at+33]*(1-fx)+n[at+34]*fx)*fy) * 90 / float64(o+1)
			}
			v += rng.Float64() * 14
			if (x/90+y/70)%3 == 1 {
				v += 25
			}
			if x%90 < 3 || y%70 < 3 {
				v += 60
			}
			i := img.PixOffset(x, y)
			img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = clamp(95+v*0.9), clamp(105+v), clamp(75+v*0.8), 255
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

func clamp(v float64) byte { return byte(min(max(v, 0), 255)) }
