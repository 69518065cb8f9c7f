package gocv

import (
	"context"
	"errors"
	"image"
	"io"
	"os"
	"path/filepath"
	"testing"

	"shlkiosk/camera"

	cv "gocv.io/x/gocv"
)

func TestDevicesByNumberPathAndName(t *testing.T) {
	sys := t.TempDir()
	for dir, name := range map[string]string{"video2": "HD Webcam C270\n", "video0": "Integrated Camera: IR\n", "video10": "Logitech BRIO\n", "v4l-touch": "x"} {
		os.MkdirAll(filepath.Join(sys, dir), 0o700)
		os.WriteFile(filepath.Join(sys, dir, "name"), []byte(name), 0o600)
	}
	all := devicesIn(sys, "/dev")
	if len(all) != 3 || all[0].Index != 0 || all[2].Index != 10 {
		t.Fatalf("devices = %+v", all)
	}
	for want, index := range map[string]int{"2": 2, "/dev/video10": 10, "brio": 10, "integrated": 0} {
		got := pick(want, all)
		if len(got) != 1 || got[0].Index != index {
			t.Errorf("pick(%q) = %+v", want, got)
		}
	}
	if got := pick("", all); len(got) != 3 {
		t.Errorf("any camera: %+v", got)
	}
	if got := pick("1", all); len(got) != 0 {
		t.Errorf("a number that is not there: %+v", got)
	}
}

func TestAMissingCameraSaysSoAtOnce(t *testing.T) {
	_, err := NewCamera(Options{Device: "no such camera"}).Open(context.Background())
	if !errors.Is(err, camera.ErrMissing) {
		t.Errorf("err = %v", err)
	}
	_, err = (&Film{Path: filepath.Join(t.TempDir(), "none.avi")}).Open(context.Background())
	if !errors.Is(err, camera.ErrMissing) {
		t.Errorf("err = %v", err)
	}
	// A string that GStreamer would run must be nothing but a missing file.
	_, err = (&Film{Path: "videotestsrc ! appsink"}).Open(context.Background())
	if !errors.Is(err, camera.ErrMissing) {
		t.Errorf("a pipeline was taken: %v", err)
	}
}

// film writes n frames whose left half is red and right half is white.
func film(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.avi")
	w, err := cv.VideoWriterFile(path, "MJPG", 30, 64, 48, true)
	if err != nil || !w.IsOpened() {
		t.Fatalf("writing a film: %v", err)
	}
	defer w.Close()
	m := cv.NewMatWithSizeFromScalar(cv.NewScalar(0, 0, 255, 0), 48, 64, cv.MatTypeCV8UC3)
	defer m.Close()
	right := m.Region(image.Rect(32, 0, 64, 48))
	right.SetTo(cv.NewScalar(255, 255, 255, 0))
	right.Close()
	for range n {
		if err := w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestAFilmGivesItsFramesInTheRightColours(t *testing.T) {
	s, err := (&Film{Path: film(t, 7), Fast: true}).Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var f camera.Frame
	n := 0
	for {
		err := s.Read(&f)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 7 {
		t.Errorf("frames = %d, want 7", n)
	}
	left, right := f.Color.RGBAAt(10, 20), f.Color.RGBAAt(54, 20)
	if left.R < 200 || left.G > 60 || left.B > 60 || left.A != 255 || right.R < 200 || right.B < 200 {
		t.Errorf("colours = %v, %v", left, right)
	}
	if g := f.Gray.GrayAt(10, 20).Y; g < 60 || g > 95 { // 0.299 of red
		t.Errorf("grey of red = %d", g)
	}
	if err := s.Read(&f); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}

func TestAFilmThatLoops(t *testing.T) {
	s, err := (&Film{Path: film(t, 3), Loop: true, Fast: true}).Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var f camera.Frame
	for i := range 20 {
		if err := s.Read(&f); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
	}
}

func BenchmarkFrame720p(b *testing.B) {
	m := cv.NewMatWithSizeFromScalar(cv.NewScalar(90, 120, 200, 0), 720, 1280, cv.MatTypeCV8UC3)
	s := &stream{bgr: m, gray: cv.NewMat(), rgba: cv.NewMat()}
	defer func() { m.Close(); s.gray.Close(); s.rgba.Close() }()
	var f camera.Frame
	b.ReportAllocs()
	for b.Loop() {
		if err := s.convert(&f); err != nil {
			b.Fatal(err)
		}
	}
}
