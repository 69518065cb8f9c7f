package still

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shlkiosk/camera"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

func read(img *image.Gray) string {
	bmp, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return ""
	}
	res, err := qrcode.NewQRCodeReader().Decode(bmp, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return ""
	}
	return res.GetText()
}

func TestThePhoneShowsACodeThatCanBeRead(t *testing.T) {
	text := "shlink:/" + strings.Repeat("eyJ1cmwiOiJodHRwOi8v", 14)
	p := &Phone{Fast: true}
	s, err := p.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var f camera.Frame
	if err := s.Read(&f); err != nil {
		t.Fatal(err)
	}
	if got := read(f.Gray); got != "" {
		t.Fatalf("an empty room shows %q", got)
	}
	if err := p.Show(text); err != nil {
		t.Fatal(err)
	}
	reads := 0
	for range 90 {
		if err := s.Read(&f); err != nil {
			t.Fatal(err)
		}
		switch got := read(f.Gray); got {
		case "":
		case text:
			reads++
		default:
			t.Fatalf("read a wrong text of %d characters", len(got))
		}
	}
	if reads < 30 {
		t.Errorf("plain gozxing read %d of 90 frames, want at least 30", reads)
	}
	if err := p.Show(strings.Repeat("x", 4000)); err == nil {
		t.Error("a text that fits in no code was taken")
	}
}

func TestFolderPlaysInNameOrder(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"f2.png", "f0.png", "sub/f1.png"} {
		os.MkdirAll(filepath.Join(dir, "sub"), 0o700)
		g := image.NewGray(image.Rect(0, 0, 4, 4))
		g.SetGray(0, 0, color.Gray{Y: uint8(10 + i)})
		var b bytes.Buffer
		png.Encode(&b, g)
		os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600)
	}
	os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("not a picture"), 0o600)
	s, err := (&Folder{Dir: dir, Fast: true}).Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var f camera.Frame
	for {
		err := s.Read(&f)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(f.Gray.Pix[0]))
	}
	if strings.Join(got, " ") != "11 10 12" {
		t.Errorf("order = %v", got)
	}
	if _, err := (&Folder{Dir: t.TempDir()}).Open(context.Background()); !errors.Is(err, camera.ErrMissing) {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestPicturesThatLie(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("hello"),
		// A PNG header that claims 60000 x 60000 pixels.
		"huge": append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x00\x00\x00\x00"), 0xb7, 0x7c, 0x0a, 0x3c),
	} {
		if _, err := Decode(bytes.NewReader(data)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestGrayOfTransparentIsOnWhite(t *testing.T) {
	img := image.NewNRGBA(image.Rect(5, 5, 7, 6))
	img.SetNRGBA(6, 5, color.NRGBA{A: 255})
	g := Gray(img)
	if g.Pix[0] != 255 || g.Pix[1] != 0 || g.Rect.Min != (image.Point{}) {
		t.Errorf("pixels = %v in %v", g.Pix, g.Rect)
	}
}

func TestFilmThroughFFmpeg(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed: films are not tested on this machine (apt-get install ffmpeg)")
	}
	dir := t.TempDir()
	film := filepath.Join(dir, "-odd name.mkv")
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1", "-c:v", "mjpeg", "file:"+film)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("making a film: %v %s", err, out)
	}
	s, err := (&Film{Path: film}).Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := 0
	var f camera.Frame
	for s.Read(&f) == nil {
		n++
	}
	if n != 10 || f.Gray.Rect.Dx() != 64 || s.Info().FPS != 10 {
		t.Errorf("frames = %d of %v at %v a second", n, f.Gray.Rect, s.Info().FPS)
	}
	if _, err := (&Film{Path: filepath.Join(dir, "none.mp4")}).Open(context.Background()); err == nil {
		t.Error("a film that is not there was opened")
	}
}

func BenchmarkPhone720p(b *testing.B) {
	p := &Phone{Fast: true}
	s, err := p.Open(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	if err := p.Show("shlink:/" + strings.Repeat("eyJ1cmwiOiJodHRwOi8v", 14)); err != nil {
		b.Fatal(err)
	}
	var f camera.Frame
	for b.Loop() {
		if err := s.Read(&f); err != nil {
			b.Fatal(err)
		}
	}
}
