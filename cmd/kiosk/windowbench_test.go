package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"shlkiosk/sync/phi"
	"shlkiosk/sync/sandbox"
	"shlkiosk/sync/staff"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/patient"
	"shlkiosk/ui/words"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
)

// TestBenchWindow measures `kiosk run` from outside, as a person sees it: the
// real window on a virtual display with software OpenGL, real events of the X
// server, and the pixels that the display shows (make bench-window). Every time
// is from the event to the pixel; xdotool's own part is in it.
func TestBenchWindow(t *testing.T) {
	program := os.Getenv("BENCH_WINDOW")
	if program == "" {
		t.Skip("BENCH_WINDOW names no kiosk: make bench-window does")
	}
	b := newWindowBench(t, program)
	b.starts(7)
	b.touches(20)
	b.languages(12)
	b.preview(20 * time.Second)
}

type windowBench struct {
	*testing.T
	binary, config, display string
	screen                  pixels
	hand                    io.Writer
	window                  *patient.Window
	run                     *exec.Cmd
}

const benchWidth, benchHeight = 1920, 1080

func newWindowBench(t *testing.T, program string) *windowBench {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	dir := t.TempDir()
	display, stop, err := virtualDisplay(ctx, dir, benchWidth, benchHeight)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	world, err := sandbox.Start(ctx, sandbox.Options{People: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { world.Close() })
	b := &windowBench{T: t, binary: program, display: display, config: filepath.Join(dir, "kiosk.yaml")}
	film := filepath.Join(dir, "film.avi")
	writeFilm(t, film)
	text := fmt.Sprintf("organization: Brook Street Clinic\nfhir: {base: %q}\nretrieval: {allow: [%q]}\nledger: {dir: %q}\ncamera: {device: %q}\n"+
		"staff: {pin_hash: %q}\nspeech: {engine: none}\nidle: {scan: 5m}\n",
		world.FHIRBase(), world.Base(), filepath.Join(dir, "ledger"), film, someHash(t))
	if err := os.WriteFile(b.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b.screen = openPixels(t, filepath.Join(dir, "Xvfb_screen0"))
	xdotool := exec.CommandContext(ctx, "xdotool", "-") // one process for all, it reads lines
	xdotool.Env = append(os.Environ(), "DISPLAY="+display)
	if b.hand, err = xdotool.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := xdotool.Start(); err != nil {
		t.Fatal("xdotool: ", err)
	}
	b.draw()
	return b
}

// draw lays the first screen out as the kiosk does, to know where things are.
func (b *windowBench) draw() {
	test.NewApp()
	all, err := words.Load()
	if err != nil {
		b.Fatal(err)
	}
	m := kit.Metrics{WidthMM: 476, WidthPx: benchWidth, HeightPx: benchHeight}
	b.window = patient.New(patient.Options{Words: all, Metrics: m, Clinic: "Brook Street Clinic", Send: func(flow.Event) {}, Now: time.Now,
		Languages: []string{"en", "es", "zh-Hans", "vi", "fr"}, Announce: func([]patient.Utterance) {}})
	c := software.NewCanvas()
	c.SetPadded(false)
	c.SetContent(b.window.Content())
	c.Resize(fyne.NewSize(benchWidth, benchHeight))
	b.window.Render(flow.New(flow.Options{}).Start(time.Now()), nil)
}

// place is where a button of the first screen is.
func (b *windowBench) place(name string) (r image.Rectangle) {
	kit.Walk(b.window.Content(), func(o fyne.CanvasObject, at fyne.Position) {
		if p, ok := o.(kit.Pressable); ok && p.Name() == name {
			r = image.Rect(int(at.X), int(at.Y), int(at.X+o.Size().Width), int(at.Y+o.Size().Height))
		}
	})
	if r.Empty() {
		b.Fatalf("there is no button %q on the first screen", name)
	}
	return r
}

func (b *windowBench) do(line string) {
	if _, err := fmt.Fprintln(b.hand, line); err != nil {
		b.Fatal(err)
	}
}

// until waits for pixels and tells how long it took since a moment.
func (b *windowBench) until(since time.Time, what string, so func() bool) time.Duration {
	b.Helper()
	for !so() {
		if time.Since(since) > time.Minute {
			b.Fatalf("%s never came", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(since)
}

func near(c color.NRGBA, r, g, bl uint8) bool {
	d := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return d(c.R, r)+d(c.G, g)+d(c.B, bl) < 40
}

func (b *windowBench) is(at image.Point, c color.NRGBA) bool {
	r, g, bl := b.screen.at(at)
	return near(c, r, g, bl)
}

// face is a point of a button beside its words.
func face(r image.Rectangle) image.Point { return image.Pt(r.Min.X+10, (r.Min.Y+r.Max.Y)/2) }

func (b *windowBench) starts(n int) {
	main := face(b.place("main"))
	light := kit.Light()
	var took []time.Duration
	for i := range n {
		b.run = exec.Command(b.binary, "run", "--config", b.config)
		env, _ := phi.Forgetful(append(os.Environ(), "DISPLAY="+b.display, toolkitCache+"="+toolkitKeeps.String())) // as the unit starts it
		b.run.Env = env
		b.run.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		began := time.Now()
		if err := b.run.Start(); err != nil {
			b.Fatal(err)
		}
		took = append(took, b.until(began, "the first screen", func() bool { return b.is(main, light.Primary) && b.is(image.Pt(4, 4), light.Ground) }))
		// The window is cleared in the very ground that other pages are painted in.
		if r, g, bl := b.screen.at(image.Pt(4, 4)); r != light.Ground.R || g != light.Ground.G || bl != light.Ground.B {
			b.Errorf("the window's ground is %02x%02x%02x", r, g, bl)
		}
		if i == n-1 {
			run := b.run
			b.Cleanup(func() { _ = run.Process.Signal(syscall.SIGTERM); _ = run.Wait() })
			break
		}
		_ = b.run.Process.Signal(syscall.SIGTERM)
		_ = b.run.Wait()
		b.until(time.Now(), "the empty display", func() bool { return !b.is(main, light.Primary) })
	}
	b.tell("start to first screen", "1 s", took)
}

// touches press the main button: the press is painted, and the next screen.
func (b *windowBench) touches(n int) {
	r := b.place("main")
	at, light := face(r), kit.Light()
	var pressed, next []time.Duration
	for range n {
		time.Sleep(400 * time.Millisecond) // presses right after a change are dropped
		b.do(fmt.Sprintf("mousemove %d %d", (r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2))
		time.Sleep(150 * time.Millisecond)
		now := time.Now()
		b.do("mousedown 1")
		pressed = append(pressed, b.until(now, "the pressed button", func() bool { return b.is(at, light.Pressed) }))
		time.Sleep(80 * time.Millisecond)
		before := b.screen.sample(image.Rect(100, 200, 900, 500))
		now = time.Now()
		b.do("mouseup 1")
		next = append(next, b.until(now, "the next screen", func() bool { return !slices.Equal(before, b.screen.sample(image.Rect(100, 200, 900, 500))) }))
		time.Sleep(600 * time.Millisecond)
		b.do("key Escape")
		b.until(time.Now(), "the first screen", func() bool {
			return b.is(at, light.Primary) && slices.Equal(before, b.screen.sample(image.Rect(100, 200, 900, 500)))
		})
	}
	b.tell("touch to pressed button", "100 ms", pressed)
	b.tell("release to next screen", "100 ms", next)
}

// languages switch on the first screen: release to the other words.
func (b *windowBench) languages(n int) {
	title := image.Rect(60, 200, 1000, 520)
	var took []time.Duration
	for i := range n {
		r := b.place("language-" + []string{"es", "fr", "vi", "en"}[i%4])
		b.do(fmt.Sprintf("mousemove %d %d mousedown 1", (r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2))
		time.Sleep(300 * time.Millisecond)
		before := b.screen.sample(title)
		now := time.Now()
		b.do("mouseup 1")
		took = append(took, b.until(now, "the other language", func() bool { return !slices.Equal(before, b.screen.sample(title)) }))
		time.Sleep(500 * time.Millisecond)
	}
	b.tell("language switch", "150 ms", took)
}

// preview counts the different pictures that the display shows.
func (b *windowBench) preview(long time.Duration) {
	r := b.place("main")
	b.do(fmt.Sprintf("mousemove %d %d mousedown 1", (r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2))
	time.Sleep(100 * time.Millisecond)
	b.do("mouseup 1")
	probe := image.Pt(500, 400)
	first, _, _ := b.screen.at(probe)
	b.until(time.Now(), "the preview", func() bool { g, _, _ := b.screen.at(probe); return g != first })
	time.Sleep(2 * time.Second)
	cpu := processorOf(b.run.Process.Pid)
	last, _, _ := b.screen.at(probe)
	seen := 0
	began := time.Now()
	for time.Since(began) < long {
		if g, _, _ := b.screen.at(probe); g != last {
			last = g
			seen++
		}
		time.Sleep(time.Millisecond)
	}
	took := time.Since(began)
	b.Logf("%-26s %6.1f a second on the display (aim 30), %.0f %% of one core", "preview", float64(seen)/took.Seconds(),
		100*(processorOf(b.run.Process.Pid)-cpu).Seconds()/took.Seconds())
}

func (b *windowBench) tell(what, aim string, took []time.Duration) {
	slices.Sort(took)
	ms := func(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }
	b.Logf("%-26s median %7s, worst %7s of %d (aim %s)", what, ms(took[len(took)/2]), ms(took[len(took)-1]), len(took), aim)
}

// pixels reads single points of what Xvfb shows.
type pixels struct {
	f           *os.File
	first, line int
	little      bool
}

func openPixels(t *testing.T, path string) pixels {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	head := make([]byte, 4*xwdWords)
	if _, err := f.ReadAt(head, 0); err != nil {
		t.Fatal(err)
	}
	word := func(n int) int { return int(binary.BigEndian.Uint32(head[4*n:])) }
	return pixels{f, word(xwdHeaderSize) + word(xwdColors)*xwdColorSize, word(xwdBytesPerLine), word(xwdByteOrder) == 0}
}

func (p pixels) at(at image.Point) (r, g, b uint8) {
	var px [4]byte
	if _, err := p.f.ReadAt(px[:], int64(p.first+at.Y*p.line+4*at.X)); err != nil {
		return 0, 0, 0
	}
	if p.little {
		return px[2], px[1], px[0]
	}
	return px[1], px[2], px[3]
}

// sample is some rows of a rectangle.
func (p pixels) sample(r image.Rectangle) []byte {
	out := []byte{}
	row := make([]byte, 4*r.Dx())
	for y := r.Min.Y; y < r.Max.Y; y += 40 {
		if _, err := p.f.ReadAt(row, int64(p.first+y*p.line+4*r.Min.X)); err == nil {
			out = append(out, row...)
		}
	}
	return out
}

// processorOf is what a process has used so far.
func processorOf(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), ") ")
	var user, system int64
	fields := strings.Fields(after)
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * (time.Second / 100)
}

// writeFilm makes a film of 720p at 30 a second in which every picture has
// another light, over a grain like a camera's.
func writeFilm(t *testing.T, path string) {
	ffmpeg := exec.Command("ffmpeg", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "gray", "-s", "1280x720", "-r", "30", "-i", "-",
		"-c:v", "mjpeg", "-q:v", "6", path)
	in, err := ffmpeg.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	ffmpeg.Stderr = &errs
	if err := ffmpeg.Start(); err != nil {
		t.Fatal("ffmpeg: ", err)
	}
	frame := make([]byte, 1280*720)
	grain := uint32(1)
	for i := range 60 {
		light := byte(90 + i*7%60)
		for p := range frame {
			grain = grain*1664525 + 1013904223
			frame[p] = light + byte(p%1280/40) + byte(grain>>30)
		}
		if _, err := in.Write(frame); err != nil {
			t.Fatal(err, errs.String())
		}
	}
	in.Close()
	if err := ffmpeg.Wait(); err != nil {
		t.Fatal(err, errs.String())
	}
}

func someHash(t *testing.T) string {
	hash, err := staff.Hash(demoPIN)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}
