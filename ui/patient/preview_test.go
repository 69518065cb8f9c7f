package patient

import (
	"image"
	"image/color"
	"testing"

	"shlkiosk/ui/flow"
)

// The picture is mirrored, and the outline with it; the camera's own picture
// stays as it is, and nothing is left of it when the screen is left.
func TestPreviewIsMirrored(t *testing.T) {
	for _, straight := range []bool{false, true} {
		b := newBench(t, displays["21"])
		b.o.Straight = straight
		b.Render(at(flow.Scan), nil)
		img := image.NewRGBA(image.Rect(0, 0, 64, 36))
		img.Set(3, 5, color.RGBA{200, 10, 20, 255})
		grey := image.NewGray(img.Rect)
		grey.Set(3, 5, color.Gray{200})
		x := 60
		if straight {
			x = 3
		}
		for name, in := range map[string]image.Image{"colour": img, "grey": grey} {
			b.Preview(in)
			if r, _, _, _ := b.scan.buffer.At(x, 5).RGBA(); r>>8 != 200 {
				t.Errorf("%s, straight %v: the point is not at %d", name, straight, x)
			}
		}
		b.Outline(&[4]Corner{{0, 0}, {16, 0}, {16, 16}, {0, 16}})
		left, width := b.scan.rect(b.scan.box.Size()).Pos.X, b.scan.rect(b.scan.box.Size()).Size.Width
		want := left + width*3/4
		if straight {
			want = left
		}
		least := b.scan.over.Points[0].X
		for _, p := range b.scan.over.Points {
			least = min(least, p.X)
		}
		if d := least - want; d > 1 || d < -1 {
			t.Errorf("straight %v: the outline begins at %.0f, want %.0f", straight, least, want)
		}
		kept := b.scan.buffer
		b.Render(at(flow.Fetching), nil)
		for _, v := range kept.Pix {
			if v != 0 {
				t.Fatal("the camera's picture is left after the screen")
			}
		}
		if r, _, _, _ := img.At(3, 5).RGBA(); r>>8 != 200 {
			t.Error("the camera's own picture was changed")
		}
	}
}
