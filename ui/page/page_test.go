package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sheet is one page of a made PDF: its size in points and its colour.
type sheet struct {
	width, height int
	rgb           string // "1 0 0"
}

// makePDF writes a small PDF with one filled rectangle a page (ISO 32000-1).
func makePDF(sheets ...sheet) []byte {
	var out bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(offsets)}, args...)...)
	}
	out.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	kids := ""
	for i := range sheets {
		kids += fmt.Sprintf("%d 0 R ", 3+2*i)
	}
	object("<< /Type /Pages /Kids [ %s] /Count %d >>", kids, len(sheets))
	for i, s := range sheets {
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources << >> >>", s.width, s.height, 4+2*i)
		paint := fmt.Sprintf("%s rg 0 0 %d %d re f", s.rgb, s.width, s.height)
		object("<< /Length %d >>\nstream\n%s\nendstream", len(paint), paint)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return out.Bytes()
}

func renderer(t testing.TB, o Options) *Renderer {
	t.Helper()
	r := New(o)
	if err := r.Available(); err != nil {
		t.Skip(err)
	}
	return r
}

// letter and its colours, three pages.
func three() []byte {
	return makePDF(sheet{612, 792, "1 0 0"}, sheet{792, 612, "0 1 0"}, sheet{612, 792, "0 0 1"})
}

func reason(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return Reason(fmt.Sprint(err))
}

func TestPagesOfAPDF(t *testing.T) {
	for _, o := range []Options{{}, {NoSandbox: true}} {
		r := renderer(t, o)
		t.Run(r.Isolation(), func(t *testing.T) {
			pages, shown, err := r.Count(t.Context(), three())
			if err != nil || pages != 3 || shown != 3 {
				t.Fatalf("%d pages, %d shown, %v", pages, shown, err)
			}
			images, err := r.Pages(t.Context(), three(), 2, 400)
			if err != nil || len(images) != 2 {
				t.Fatalf("%d pages, %v", len(images), err)
			}
			for i, want := range []struct {
				size   image.Point
				colour color.RGBA
			}{{image.Pt(309, 400), color.RGBA{255, 0, 0, 255}}, {image.Pt(400, 309), color.RGBA{0, 255, 0, 255}}} {
				got := images[i].Bounds().Size()
				if d := got.Sub(want.size); max(d.X, -d.X, d.Y, -d.Y) > 1 {
					t.Errorf("page %d is %v, want %v", i+1, got, want.size)
				}
				if c := images[i].RGBAAt(got.X/2, got.Y/2); c != want.colour {
					t.Errorf("page %d is %v, want %v", i+1, c, want.colour)
				}
			}
			Wipe(images[0])
			if !bytes.Equal(images[0].Pix, make([]byte, len(images[0].Pix))) {
				t.Error("pixels left after Wipe")
			}
		})
	}
}

func TestWhatIsRefusedAndWhy(t *testing.T) {
	r := renderer(t, Options{MaxBytes: 4096, MaxPages: 5})
	many := make([]sheet, 7)
	for i := range many {
		many[i] = sheet{10, 10, "0 0 0"}
	}
	if pages, shown, err := r.Count(t.Context(), makePDF(many...)); pages != 7 || shown != 5 || err != nil {
		t.Errorf("%d pages, %d shown, %v", pages, shown, err)
	}
	page := func(b []byte, n int) error { _, err := r.Page(t.Context(), b, n, 100); return err }
	_, _, noCount := r.Count(t.Context(), []byte("%PDF-1.4 and then nothing"))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, cancelled := r.Page(gone, three(), 1, 100)
	for name, tc := range map[string]struct {
		err  error
		want Reason
	}{
		"text":          {page([]byte("Dear patient"), 1), ReasonNotPDF},
		"empty":         {page(nil, 1), ReasonNotPDF},
		"too large":     {page(append(three(), make([]byte, 4096)...), 1), ReasonTooLarge},
		"cut off":       {page([]byte("%PDF-1.4\n1 0 obj\n<<"), 1), ReasonDamaged},
		"page 0":        {page(three(), 0), ReasonNoPage},
		"page 4 of 3":   {page(three(), 4), ReasonNoPage},
		"page 6 of 7":   {page(makePDF(many...), 6), ReasonNoPage},
		"nothing in it": {noCount, ReasonDamaged},
		"cancelled":     {cancelled, ReasonCancelled},
	} {
		if got := reason(tc.err); got != tc.want {
			t.Errorf("%s: %v, want %s", name, tc.err, tc.want)
		}
	}
}

// A page of 200 inches by a millimetre, and one of 200 inches square, cost no
// more than any other.
func TestTheSizeOfAPageIsBounded(t *testing.T) {
	r := renderer(t, Options{})
	for _, s := range []sheet{{14400, 3, "0 0 0"}, {14400, 14400, "0 0 0"}} {
		img, err := r.Page(t.Context(), makePDF(s), 1, 300)
		if err != nil {
			t.Errorf("%v: %v", s, err)
			continue
		}
		if size := img.Bounds().Size(); size.X > 301 || size.Y > 301 {
			t.Errorf("%v became %v", s, size)
		}
	}
}

func TestTheViewerKeepsToTheWidth(t *testing.T) {
	v := renderer(t, Options{MaxPages: 2}).Viewer()
	for n, want := range []image.Point{{300, 388}, {300, 232}} {
		img, pages, err := v.Page(t.Context(), three(), n, 300)
		if err != nil || pages != 2 {
			t.Fatalf("page %d of %d: %v", n, pages, err)
		}
		if d := img.Bounds().Size().Sub(want); max(d.X, -d.X, d.Y, -d.Y) > 1 {
			t.Errorf("page %d is %v, want %v", n, img.Bounds().Size(), want)
		}
	}
	for _, n := range []int{-1, 2} {
		if _, pages, err := v.Page(t.Context(), three(), n, 300); reason(err) != ReasonNoPage || pages != 2 {
			t.Errorf("page %d of %d: %v", n, pages, err)
		}
	}
	tall, _, err := v.Page(t.Context(), makePDF(sheet{100, 10000, "0 0 0"}), 0, 300)
	if err != nil || tall.Bounds().Dy() > 1201 {
		t.Errorf("a strip: %v", err)
	}
}

// fake puts a shell script in the place of the tools.
func fake(t *testing.T, script string) *Renderer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return New(Options{NoSandbox: true, Deadline: time.Second, LookPath: func(name string) (string, error) {
		if strings.HasPrefix(name, "pdf") {
			return path, nil
		}
		return exec.LookPath(name)
	}})
}

func TestAToolThatMisbehaves(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		want   Reason
	}{
		"hangs":        {"exec sleep 600", ReasonTimeout},
		"hangs behind": {"sleep 600 & sleep 600", ReasonTimeout},
		"spins":        {"while :; do :; done", ReasonTimeout},
		"floods":       {"exec yes P6", ReasonTooLarge},
		"fails":        {"cat >/dev/null; echo Jessica Argonaut >&2; exit 3", ReasonDamaged},
		"says nothing": {"cat >/dev/null", ReasonNoPage},
		"garbage":      {"cat >/dev/null; echo Jessica Argonaut", ReasonDamaged},
		"password":     {"cat >/dev/null; echo Command Line Error: Incorrect password >&2; exit 1", ReasonLocked},
		"lies":         {"cat >/dev/null; printf 'P6\\n99999 99999\\n255\\nabc'", ReasonDamaged},
		"short":        {"cat >/dev/null; printf 'P6\\n10 10\\n255\\nabc'", ReasonDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fake(t, tc.script).Page(t.Context(), three(), 1, 100)
			if reason(err) != tc.want {
				t.Fatalf("%v, want %s", err, tc.want)
			}
			if strings.Contains(err.Error(), "Jessica") {
				t.Errorf("the error repeats what the tool said: %v", err)
			}
		})
	}
}

func TestAMissingToolIsSaid(t *testing.T) {
	r := New(Options{LookPath: func(string) (string, error) { return "", exec.ErrNotFound }})
	if _, _, err := r.Count(t.Context(), three()); reason(err) != ReasonToolMissing {
		t.Errorf("%v, want %s", err, ReasonToolMissing)
	}
	if r.Isolation() != "none" {
		t.Errorf("isolation %q without any tool", r.Isolation())
	}
}

// The cage is tried from the inside.
func TestInsideTheCage(t *testing.T) {
	r := renderer(t, Options{})
	if r.Isolation() != "bubblewrap and limits" {
		t.Skipf("only %s here", r.Isolation())
	}
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	look := func(script string) string {
		out, _ := r.run(t.Context(), "/bin/sh", []string{"-c", script}, []byte("in"), 4096)
		return strings.TrimSpace(string(out))
	}
	for name, tc := range map[string]struct{ script, want string }{
		"it runs":            {"echo $((6*7))", "42"},
		"no users":           {"[ -e /etc/passwd ] || echo gone", "gone"},
		"no working tree":    {"[ -e '" + home + "' ] || echo gone", "gone"},
		"no environment":     {"echo ${HOME:-gone}", "gone"},
		"no network":         {"[ -e /proc/net ] || [ -e /sys/class/net ] || echo gone", "gone"},
		"no file is written": {"trap '' XFSZ; (echo secret >/tmp/x) 2>/dev/null; [ -s /tmp/x ] || echo gone", "gone"},
		"no core":            {"ulimit -c", "0"},
		"memory is bound":    {"ulimit -v", "1048576"},
		"time is bound":      {"ulimit -t", "10"},
	} {
		if got := look(tc.script); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestPictures(t *testing.T) {
	r := New(Options{MaxBytes: 1 << 20})
	small := image.NewRGBA(image.Rect(0, 0, 8, 4))
	small.Set(3, 2, color.RGBA{255, 0, 0, 255})
	var asPNG, asJPEG bytes.Buffer
	if err := errors.Join(png.Encode(&asPNG, small), jpeg.Encode(&asJPEG, small, nil)); err != nil {
		t.Fatal(err)
	}
	img, err := r.Picture(asPNG.Bytes())
	if err != nil || img.Bounds().Size() != image.Pt(8, 4) || img.RGBAAt(3, 2) != (color.RGBA{255, 0, 0, 255}) ||
		img.RGBAAt(0, 0) != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("PNG: %v", err)
	}
	if img, err := r.Picture(asJPEG.Bytes()); err != nil || img.Bounds().Size() != image.Pt(8, 4) {
		t.Errorf("JPEG: %v", err)
	}
	// A PNG header that promises 30,000 by 30,000 pixels in a few bytes.
	bomb := bytes.Clone(asPNG.Bytes())
	copy(bomb[16:], []byte{0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30})
	fixCRC(bomb)
	for name, tc := range map[string]struct {
		b    []byte
		want Reason
	}{
		"bomb":    {bomb, ReasonTooLarge},
		"text":    {[]byte("hello"), ReasonNotPicture},
		"svg":     {[]byte("<svg/>"), ReasonNotPicture},
		"cut off": {asPNG.Bytes()[:50], ReasonDamaged},
		"large":   {append(bytes.Clone(asPNG.Bytes()), make([]byte, 1<<20)...), ReasonTooLarge},
	} {
		if _, err := r.Picture(tc.b); reason(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	r := renderer(b, Options{})
	pdf := three()
	for b.Loop() {
		if _, err := r.Page(b.Context(), pdf, 1, 1600); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzReadPPM(f *testing.F) {
	f.Add([]byte("P6\n1 1\n255\nabc"), 10)
	f.Add([]byte("P6\n10 10\n255\nabc"), 10)
	f.Fuzz(func(t *testing.T, b []byte, side int) {
		side = min(max(side, 1), 100)
		img, err := readPPM(b, side)
		if (img == nil) == (err == nil) {
			t.Fatal("neither or both")
		}
		if img != nil && (img.Rect.Dx() > side+1 || img.Rect.Dy() > side+1) {
			t.Fatalf("%v is larger than %d", img.Rect, side)
		}
	})
}
