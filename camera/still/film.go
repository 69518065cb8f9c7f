package still

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"shlkiosk/camera"
)

// ErrNoFFmpeg tells that films cannot be read on this machine.
var ErrNoFFmpeg = errors.New("reading a film needs ffmpeg; install it with: apt-get install ffmpeg")

// Film is a Source for a film file in programs without OpenCV: the ffmpeg
// program turns it into grey pictures on a pipe.
type Film struct{ Path string }

// Name implements camera.Source.
func (f *Film) Name() string { return "film " + filepath.Base(f.Path) }

// Open implements camera.Source. Frames come as fast as they are read.
func (f *Film) Open(ctx context.Context) (camera.Stream, error) {
	probe, err := exec.LookPath("ffprobe")
	if err != nil {
		return nil, ErrNoFFmpeg
	}
	path, err := filepath.Abs(f.Path) // so that a name that begins with - is no option
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, probe, "-v", "error", "-protocol_whitelist", "file", "-select_streams", "v:0",
		"-show_entries", "stream=width,height,r_frame_rate", "-of", "csv=p=0", "file:"+path).Output()
	if err != nil {
		return nil, fmt.Errorf("opening %s: not a film that ffmpeg can read", f.Name())
	}
	parts := strings.Split(strings.TrimSpace(string(bytes.SplitN(out, []byte("\n"), 2)[0])), ",")
	if len(parts) < 3 {
		return nil, fmt.Errorf("opening %s: no picture track", f.Name())
	}
	w, _ := strconv.Atoi(parts[0])
	h, _ := strconv.Atoi(parts[1])
	if w <= 0 || h <= 0 || w*h > mostPixels {
		return nil, fmt.Errorf("opening %s: %s x %s pixels cannot be read", f.Name(), parts[0], parts[1])
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-nostdin", "-noautorotate", "-protocol_whitelist", "file,pipe",
		"-i", "file:"+path, "-map", "0:v:0", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, ErrNoFFmpeg
	}
	return &filmStream{w: w, h: h, fps: ratio(parts[2]), r: bufio.NewReaderSize(pipe, 1<<20), cmd: cmd, cancel: cancel}, nil
}

func ratio(s string) float64 {
	a, b, ok := strings.Cut(s, "/")
	x, _ := strconv.ParseFloat(a, 64)
	y := 1.0
	if ok {
		y, _ = strconv.ParseFloat(b, 64)
	}
	if y == 0 {
		return 0
	}
	return x / y
}

type filmStream struct {
	w, h   int
	fps    float64
	r      io.Reader
	cmd    *exec.Cmd
	cancel context.CancelFunc
	n      int
}

func (s *filmStream) Info() camera.Info {
	return camera.Info{Width: s.w, Height: s.h, FPS: s.fps, Format: "film"}
}

func (s *filmStream) Close() error {
	s.cancel()
	_ = s.cmd.Wait() // killed on purpose: its status says nothing
	return nil
}

func (s *filmStream) Read(f *camera.Frame) error {
	f.Fit(s.w, s.h, false)
	if _, err := io.ReadFull(s.r, f.Gray.Pix); err != nil {
		return io.EOF // a torn last frame is no frame
	}
	step := time.Second / 30
	if s.fps > 0 {
		step = time.Duration(float64(time.Second) / s.fps)
	}
	f.At = time.Unix(0, 0).Add(time.Duration(s.n) * step)
	s.n++
	return nil
}
