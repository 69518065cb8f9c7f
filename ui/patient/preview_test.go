package patient

import (
	"bytes"
	"image"
	"image/color"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/kit/kittest"
)

// The picture is mirrored, and the outline with it; the camera's own picture
// stays as it is, and nothing is left of it when the screen is left.
func TestPreviewIsMirrored(t *testing.T) {
	for _, straight := range []bool{false, true} {
		b := newBench(t, displays["21"])
		b.o.Straight = straight
		b.Render(at(flow.Scan), nil)
		img := image.NewRGBA(image.Rect(0, 0, 64, 36))
		img.Set(12, 5, color.RGBA{200, 10, 20, 255})
		grey := image.NewGray(img.Rect)
		grey.Set(12, 5, color.Gray{200})
		x := 51
		if straight {
			x = 12
		}
		for name, in := range map[string]image.Image{"colour": img, "grey": grey} {
			b.Preview(in)
			at := x - b.scan.crop.Min.X
			if r, _, _, _ := b.scan.buffer.At(at, 5).RGBA(); r>>8 != 200 {
				t.Errorf("%s, straight %v: the point is not at %d", name, straight, at)
			}
		}
		// What is shown is cut to the box; the outline is cut and scaled with it.
		v, size := b.scan, b.scan.box.Size()
		if v.crop.Dy() != 36 || v.crop.Dx() >= 64 || v.crop.Min.X != (64-v.crop.Dx())/2 {
			t.Fatalf("the picture is cut to %v", v.crop)
		}
		if got, want := float32(v.crop.Dx())/36, size.Width/size.Height; got/want > 1.02 || got/want < 0.98 {
			t.Errorf("the picture's shape is %.2f, its box has %.2f", got, want)
		}
		b.Outline(&[4]Corner{{10, 0}, {26, 0}, {26, 16}, {10, 16}})
		left, right := float32(10-v.crop.Min.X), float32(26-v.crop.Min.X)
		if !straight {
			left, right = float32(v.crop.Dx())-right, float32(v.crop.Dx())-left
		}
		scale := size.Width / float32(v.crop.Dx())
		from, to := size.Width, float32(0)
		for _, p := range v.over.Points {
			x := p.X + v.over.Position().X
			from, to = min(from, x), max(to, x)
		}
		if from-left*scale > 1 || left*scale-from > 1 || to-right*scale > 1 || right*scale-to > 1 {
			t.Errorf("straight %v: the outline goes from %.0f to %.0f, want %.0f to %.0f", straight, from, to, left*scale, right*scale)
		}
		kept := b.scan.buffer
		b.Render(at(flow.Review), sampleView(t))
		for _, v := range kept.Pix {
			if v != 0 {
				t.Fatal("the camera's picture is left after the screen")
			}
		}
		if r, _, _, _ := img.At(12, 5).RGBA(); r>>8 != 200 {
			t.Error("the camera's own picture was changed")
		}
	}
}

// A code that was read is answered by a sign: the outline stays, a tick lies
// over the code, and the code itself is gone from the picture. It stands for a
// moment of Fetching, delays nothing, and is not there when nothing was seen.
func TestReadSign(t *testing.T) {
	for name, corners := range map[string]*[4]Corner{"outlined": cornersOf(1280, 720), "by a scanner": nil} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, displays["21"])
			b.Render(at(flow.Scan), nil)
			b.Preview(frameOf(1280, 720))
			b.Outline(corners)
			v, live := b.scan, *b.scan.buffer
			before := bytes.Clone(live.Pix)
			b.Render(at(flow.Fetching), nil)
			if b.scan != v || v.buffer == nil || v.tick.Hidden || v.over.Hidden != (corners == nil) {
				t.Fatal("no sign")
			}
			if !shown(b, v.tick) || !strings.Contains(strings.Join(kittest.Strings(b.Content()), "\n"), b.words.T("scan.read")) {
				t.Error("the sign is not on the page")
			}
			// No cell of the code is left, and something of the picture is.
			code, changed := cornersOf(1280, 720), 0
			middle := live.PixOffset(v.crop.Max.X-int((code[0].X+code[2].X)/2), int((code[0].Y+code[2].Y)/2))
			fill := bytes.Clone(live.Pix[middle : middle+4])
			for y := range live.Rect.Dy() {
				for x := range live.Rect.Dx() {
					at := live.PixOffset(x, y)
					gone := bytes.Equal(live.Pix[at:at+4], fill)
					if !gone && !bytes.Equal(live.Pix[at:at+4], before[at:at+4]) {
						t.Fatal("the picture moved")
					}
					if gone {
						changed++
					}
					px, py := float64(v.crop.Max.X-x), float64(y)
					if px > code[0].X && px < code[2].X && py > code[0].Y && py < code[2].Y && !gone {
						t.Fatal("a part of the code can still be seen")
					}
				}
			}
			if whole := live.Rect.Dx() * live.Rect.Dy(); (corners == nil) != (changed == whole) {
				t.Errorf("%d of %d points were wiped", changed, whole)
			}
			b.Preview(frameOf(1280, 720)) // a picture that was on its way
			b.Outline(cornersOf(1280, 720))
			if !bytes.Equal(live.Pix[middle:middle+4], fill) {
				t.Error("a late picture was taken")
			}
			b.now = b.now.Add(signFor)
			b.Render(at(flow.Fetching), nil)
			if b.scan != nil || len(bytes.Trim(live.Pix, "\x00")) != 0 {
				t.Error("the picture is still there after the sign")
			}
			if !strings.Contains(strings.Join(kittest.Strings(b.Content()), "\n"), b.words.T("fetching.title")) {
				t.Error("Fetching does not come after the sign")
			}
		})
	}
	t.Run("what comes next does not wait", func(t *testing.T) {
		b := newBench(t, displays["21"])
		b.Render(at(flow.Scan), nil)
		b.Preview(frameOf(1280, 720))
		b.Render(at(flow.Fetching), nil)
		b.Render(at(flow.Review), sampleView(t))
		if b.scan != nil || b.page.frame.Main == nil {
			t.Error("Review waits for the sign")
		}
	})
	t.Run("nothing was seen", func(t *testing.T) {
		b := newBench(t, displays["21"])
		b.Render(at(flow.Scan), nil)
		b.Render(at(flow.Fetching), nil)
		if b.scan != nil || !b.signed.IsZero() {
			t.Error("a sign without a picture")
		}
	})
}

// A scan page that is built anew goes on showing the picture.
func TestPictureOutlivesThePage(t *testing.T) {
	b := newBench(t, displays["21"])
	b.Render(at(flow.Scan), nil)
	b.Preview(frameOf(1280, 720))
	other := at(flow.Scan)
	other.Settings.Language = "es"
	b.Render(other, nil)
	if b.scan.picture.Image != image.Image(b.scan.buffer) {
		t.Error("the picture is gone with the old page")
	}
}

// shown tells whether an object is on the page and to be seen.
func shown(b *bench, want fyne.CanvasObject) (yes bool) {
	kit.Walk(b.Content(), func(o fyne.CanvasObject, _ fyne.Position) { yes = yes || o == want })
	return yes
}

// The picture's corners are rounded off in the page's own ground, whatever the
// theme, and nothing else of it is.
func TestPictureIsRounded(t *testing.T) {
	b := newBench(t, displays["21"])
	for _, theme := range []string{"light", "white-on-black"} {
		s := at(flow.Scan)
		s.Settings.Theme = theme
		b.Render(s, nil)
		white := image.NewGray(image.Rect(0, 0, 1280, 720))
		for i := range white.Pix {
			white.Pix[i] = 0xAA
		}
		b.Preview(white)
		buffer, ground := b.scan.buffer, kit.PaletteOf(theme).Ground
		w, h := buffer.Rect.Dx(), buffer.Rect.Dy()
		for _, p := range []image.Point{{0, 0}, {w - 1, 0}, {0, h - 1}, {w - 1, h - 1}} {
			if c := buffer.RGBAAt(p.X, p.Y); c.R != ground.R || c.B != ground.B {
				t.Errorf("%s: the corner at %v is %v", theme, p, c)
			}
		}
		for _, p := range []image.Point{{40, 0}, {0, 40}, {40, 40}, {w / 2, h / 2}, {w - 41, h - 1}} {
			if c := buffer.RGBAAt(p.X, p.Y); c.R != 0xAA {
				t.Errorf("%s: the picture at %v is %v", theme, p, c)
			}
		}
	}
}
