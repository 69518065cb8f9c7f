// Package gocv captures frames through OpenCV: from V4L2 devices and from film
// files. It is the only room that opens a camera.
//
// The backend is always named: with "any" OpenCV would hand a source string
// to GStreamer, which runs it as a pipeline. A device goes to V4L2, a file to
// FFmpeg. A missing device is said at once and the handle closed all the same.
// Every Mat is made and closed here; frames leave as Go pictures.
package gocv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"shlkiosk/camera"

	cv "gocv.io/x/gocv"
)

// Options say what to ask the device for. It delivers what it can.
type Options struct {
	Device string // number, /dev/videoN, part of a name, or "" for the first that answers
	Width  int
	Height int
	FPS    int
	MJPG   bool // most USB cameras do 720p at 30 a second only so
}

// Device is a camera that the system knows.
type Device struct {
	Index int
	Path  string // /dev/video0
	Name  string // as the driver says
}

// Devices lists the system's cameras in the order of their numbers.
func Devices() []Device { return devicesIn("/sys/class/video4linux", "/dev") }

func devicesIn(sys, dev string) []Device {
	entries, _ := os.ReadDir(sys)
	var out []Device
	for _, e := range entries {
		n, err := strconv.Atoi(strings.TrimPrefix(e.Name(), "video"))
		if err != nil {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(sys, e.Name(), "name"))
		out = append(out, Device{Index: n, Path: filepath.Join(dev, e.Name()), Name: strings.TrimSpace(string(name))})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Index < out[j].Index })
	return out
}

// pick chooses the devices to try for what the configuration says.
func pick(want string, all []Device) []Device {
	want = strings.TrimSpace(want)
	if want == "" {
		return all
	}
	if n, err := strconv.Atoi(want); err == nil {
		want = "/dev/video" + strconv.Itoa(n)
	}
	var out []Device
	for _, d := range all {
		if d.Path == want || filepath.Base(d.Path) == filepath.Base(want) && strings.HasPrefix(want, "/dev/") ||
			strings.Contains(strings.ToLower(d.Name), strings.ToLower(want)) {
			out = append(out, d)
		}
	}
	return out
}

// Camera is a Source for a V4L2 device.
type Camera struct{ o Options }

// NewCamera returns a source; nothing is opened before Open.
func NewCamera(o Options) *Camera { return &Camera{o: o} }

// Name implements camera.Source.
func (c *Camera) Name() string {
	if c.o.Device == "" {
		return "first camera"
	}
	return "camera " + c.o.Device
}

// Open implements camera.Source: the first device that fits and gives a frame.
func (c *Camera) Open(ctx context.Context) (camera.Stream, error) {
	var last error
	for _, d := range pick(c.o.Device, Devices()) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s, err := c.open(d)
		if err == nil {
			return device{s}, nil
		}
		last = err // a metadata node beside the camera: try the next one
	}
	if last == nil {
		return nil, fmt.Errorf("opening %s: %w", c.Name(), camera.ErrMissing)
	}
	return nil, last
}

func (c *Camera) open(d Device) (*stream, error) {
	vc, err := cv.OpenVideoCaptureWithAPI(d.Index, cv.VideoCaptureV4L2)
	if err != nil {
		if vc != nil {
			vc.Close() // the handle exists even when opening failed
		}
		return nil, fmt.Errorf("opening %s: %w", d.Path, camera.ErrMissing)
	}
	if c.o.MJPG {
		vc.Set(cv.VideoCaptureFOURCC, vc.ToCodec("MJPG"))
	}
	set := func(p cv.VideoCaptureProperties, v int) {
		if v > 0 {
			vc.Set(p, float64(v))
		}
	}
	set(cv.VideoCaptureFrameWidth, c.o.Width)
	set(cv.VideoCaptureFrameHeight, c.o.Height)
	set(cv.VideoCaptureFPS, c.o.FPS)
	set(cv.VideoCaptureBufferSize, 1) // the newest picture, not the oldest
	s := newStream(vc, false)
	s.format = strings.TrimSpace(vc.CodecString())
	// A node that opens and never gives a picture is no camera.
	if !vc.Read(&s.bgr) || s.bgr.Empty() {
		s.Close()
		return nil, fmt.Errorf("reading %s: %w", d.Path, camera.ErrMissing)
	}
	return s, nil
}

// Film is a Source for a film file, played at its own pace.
type Film struct {
	Path string
	Loop bool // begin again at the end
	Fast bool // as fast as it can be read, for tests and `scan`
}

// Name implements camera.Source.
func (f *Film) Name() string { return "film " + filepath.Base(f.Path) }

// Open implements camera.Source.
func (f *Film) Open(context.Context) (camera.Stream, error) {
	if info, err := os.Stat(f.Path); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening %s: %w", f.Name(), camera.ErrMissing)
	}
	vc, err := cv.VideoCaptureFileWithAPI(f.Path, cv.VideoCaptureFFmpeg)
	if err != nil {
		if vc != nil {
			vc.Close()
		}
		return nil, fmt.Errorf("opening %s: not a film that FFmpeg can read", f.Name())
	}
	s := newStream(vc, true)
	s.format = "film"
	s.loop = f.Loop
	if fps := vc.Get(cv.VideoCaptureFPS); !f.Fast && fps > 1 && fps <= 240 {
		s.pace = time.Duration(float64(time.Second) / fps)
	} else if !f.Fast {
		s.pace = time.Second / 30
	}
	return s, nil
}

// stream is an open device or film.
type stream struct {
	vc     *cv.VideoCapture
	bgr    cv.Mat
	gray   cv.Mat
	rgba   cv.Mat
	film   bool
	loop   bool
	format string
	pace   time.Duration
	next   time.Time
	misses int
}

func newStream(vc *cv.VideoCapture, film bool) *stream {
	return &stream{vc: vc, bgr: cv.NewMat(), gray: cv.NewMat(), rgba: cv.NewMat(), film: film}
}

// Info implements camera.Stream.
func (s *stream) Info() camera.Info {
	return camera.Info{Width: int(s.vc.Get(cv.VideoCaptureFrameWidth)), Height: int(s.vc.Get(cv.VideoCaptureFrameHeight)),
		FPS: s.vc.Get(cv.VideoCaptureFPS), Format: s.format}
}

// Close implements camera.Stream.
func (s *stream) Close() error {
	return errors.Join(s.bgr.Close(), s.gray.Close(), s.rgba.Close(), s.vc.Close())
}

// Read implements camera.Stream. After the last frame of a film, and after a
// device went, OpenCV's Read is false while IsOpened stays true.
func (s *stream) Read(f *camera.Frame) error {
	if s.pace > 0 {
		now := time.Now()
		if s.next.IsZero() || now.Sub(s.next) > time.Second {
			s.next = now
		}
		time.Sleep(s.next.Sub(now))
		s.next = s.next.Add(s.pace)
	}
	if !s.vc.Read(&s.bgr) || s.bgr.Empty() {
		if !s.film {
			return camera.ErrGone
		}
		if !s.loop || s.misses > 0 {
			return io.EOF
		}
		s.misses++
		s.vc.Set(cv.VideoCapturePosFrames, 0)
		return s.Read(f)
	}
	s.misses = 0
	return s.convert(f)
}

// convert fills the frame's pictures from the Mat that was read.
func (s *stream) convert(f *camera.Frame) error {
	toGray, toRGBA := cv.ColorBGRToGray, cv.ColorBGRToRGBA
	switch s.bgr.Channels() {
	case 1:
		toRGBA = cv.ColorGrayToBGRA
	case 4:
		toGray, toRGBA = cv.ColorBGRAToGray, cv.ColorBGRAToRGBA
	}
	f.Fit(s.bgr.Cols(), s.bgr.Rows(), true)
	gray := s.bgr
	if s.bgr.Channels() != 1 {
		if err := cv.CvtColor(s.bgr, &s.gray, toGray); err != nil {
			return fmt.Errorf("converting a frame: %w", err)
		}
		gray = s.gray
	}
	if err := cv.CvtColor(s.bgr, &s.rgba, toRGBA); err != nil {
		return fmt.Errorf("converting a frame: %w", err)
	}
	for _, c := range []struct {
		m   cv.Mat
		pix []uint8
	}{{gray, f.Gray.Pix}, {s.rgba, f.Color.Pix}} {
		data, err := c.m.DataPtrUint8()
		if err != nil || len(data) != len(c.pix) {
			return fmt.Errorf("converting a frame: picture of %d bytes, want %d", len(data), len(c.pix))
		}
		copy(c.pix, data)
	}
	f.At = time.Now()
	return nil
}

// device is an open V4L2 camera with what can be turned on it (camera.Knobs).
// A camera without the control refuses, and OpenCV says so.
type device struct{ *stream }

// V4L2_CID_EXPOSURE_AUTO: what the numbers of the automatic exposure mean.
const (
	exposureManual   = 1
	exposureAperture = 3 // the exposure time is the device's: what cameras start with
)

// Exposure implements camera.Knobs, in the driver's unit: 100 microseconds.
func (d device) Exposure() float64 { return d.vc.Get(cv.VideoCaptureExposure) }

// SetExposure implements camera.Knobs. Set tells nothing, so it is asked what
// came of it.
func (d device) SetExposure(v float64) bool {
	d.vc.Set(cv.VideoCaptureAutoExposure, exposureManual)
	if d.vc.Get(cv.VideoCaptureAutoExposure) != exposureManual {
		return false
	}
	v = max(math.Round(v), 1)
	d.vc.Set(cv.VideoCaptureExposure, v)
	return d.vc.Get(cv.VideoCaptureExposure) == v
}

// AutoExposure implements camera.Knobs.
func (d device) AutoExposure() { d.vc.Set(cv.VideoCaptureAutoExposure, exposureAperture) }

// Refocus implements camera.Knobs: the automatic focus off and on again begins
// its search anew. A camera without one keeps saying 0.
func (d device) Refocus() bool {
	d.vc.Set(cv.VideoCaptureAutoFocus, 0)
	d.vc.Set(cv.VideoCaptureAutoFocus, 1)
	return d.vc.Get(cv.VideoCaptureAutoFocus) == 1
}
