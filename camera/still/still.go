// Package still makes frames without a device: from pictures, folders of
// pictures in name order, films (through the ffmpeg program where it is
// installed), and from a drawn scene of a hand that holds up a phone.
//
// It needs no cgo. Pictures are read with bounds on their size in pixels, as a
// hostile one may claim to be a million wide.
package still

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // formats that people save pictures in
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"shlkiosk/camera"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// mostPixels bounds one picture; a 100 megapixel camera is under it.
const mostPixels = 120_000_000

var pictureEndings = []string{".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"}
var filmEndings = []string{".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".mjpg", ".mjpeg", ".mpg"}

// IsPicture tells by the file's ending.
func IsPicture(name string) bool {
	return slices.Contains(pictureEndings, strings.ToLower(filepath.Ext(name)))
}

// IsFilm tells by the file's ending.
func IsFilm(name string) bool {
	return slices.Contains(filmEndings, strings.ToLower(filepath.Ext(name)))
}

// Decode reads one picture as grey.
func Decode(r io.Reader) (*image.Gray, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	head, err := br.Peek(1 << 16)
	if len(head) == 0 {
		return nil, fmt.Errorf("decoding a picture: empty (%w)", errOrEOF(err))
	}
	cfg, _, err := image.DecodeConfig(strings.NewReader(string(head)))
	if err == nil && cfg.Width*cfg.Height > mostPixels {
		return nil, fmt.Errorf("decoding a picture: %d x %d pixels is too large", cfg.Width, cfg.Height)
	}
	img, _, err := image.Decode(br)
	if err != nil {
		return nil, fmt.Errorf("decoding a picture: %w", err)
	}
	if b := img.Bounds(); b.Dx()*b.Dy() > mostPixels {
		return nil, fmt.Errorf("decoding a picture: %d x %d pixels is too large", b.Dx(), b.Dy())
	}
	return Gray(img), nil
}

func errOrEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// Gray is the picture in grey with its corner at 0,0. Transparent parts are
// white, as on the paper behind them.
func Gray(img image.Image) *image.Gray {
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	switch src := img.(type) {
	case *image.Gray:
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:][:b.Dx()], src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
		return out
	case *image.YCbCr:
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:][:b.Dx()], src.Y[src.YOffset(b.Min.X, b.Min.Y+y):])
		}
		return out
	}
	if o, ok := img.(interface{ Opaque() bool }); !ok || !o.Opaque() {
		flat := image.NewRGBA(out.Rect)
		draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(flat, flat.Rect, img, b.Min, draw.Over)
		img, b = flat, flat.Rect
	}
	draw.Draw(out, out.Rect, img, b.Min, draw.Src)
	return out
}

// Load reads a picture file as grey.
func Load(path string) (*image.Gray, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Decode(f)
}

// Pictures lists the picture files at or below path in name order. A path that
// is a file is its own list.
func Pictures(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var out []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && IsPicture(p) {
			out = append(out, p)
		}
		return nil
	})
	sort.Strings(out)
	return out, err
}

// Folder is a Source that plays a folder's pictures as a film.
type Folder struct {
	Dir  string
	FPS  float64 // default 30
	Loop bool
	Fast bool // as fast as they can be read
}

// Name implements camera.Source.
func (f *Folder) Name() string { return "pictures in " + filepath.Base(f.Dir) }

// Open implements camera.Source.
func (f *Folder) Open(context.Context) (camera.Stream, error) {
	files, err := Pictures(f.Dir)
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("opening %s: %w", f.Name(), errors.Join(camera.ErrMissing, err))
	}
	fps := f.FPS
	if fps <= 0 {
		fps = 30
	}
	return &folderStream{files: files, loop: f.Loop, pacer: newPacer(fps, f.Fast), fps: fps}, nil
}

type folderStream struct {
	files []string
	at    int
	loop  bool
	fps   float64
	pacer
}

func (s *folderStream) Info() camera.Info { return camera.Info{FPS: s.fps, Format: "pictures"} }
func (s *folderStream) Close() error      { return nil }

func (s *folderStream) Read(f *camera.Frame) error {
	if s.at == len(s.files) {
		if !s.loop {
			return io.EOF
		}
		s.at = 0
	}
	g, err := Load(s.files[s.at])
	if err != nil {
		return err
	}
	s.at++
	f.Fit(g.Rect.Dx(), g.Rect.Dy(), true)
	copy(f.Gray.Pix, g.Pix)
	spread(f)
	s.wait()
	f.At = time.Now()
	return nil
}

// spread fills the colour picture from the grey one.
func spread(f *camera.Frame) {
	for i, v := range f.Gray.Pix {
		p := f.Color.Pix[4*i : 4*i+4 : 4*i+4]
		p[0], p[1], p[2], p[3] = v, v, v, 255
	}
}

// pacer holds a film to its frame rate.
type pacer struct {
	step time.Duration
	next time.Time
}

func newPacer(fps float64, fast bool) pacer {
	if fast {
		return pacer{}
	}
	return pacer{step: time.Duration(float64(time.Second) / fps)}
}

func (p *pacer) wait() {
	if p.step == 0 {
		return
	}
	now := time.Now()
	if p.next.IsZero() || now.Sub(p.next) > time.Second {
		p.next = now
	}
	time.Sleep(p.next.Sub(now))
	p.next = p.next.Add(p.step)
}
