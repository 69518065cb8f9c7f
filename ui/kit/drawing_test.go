package kit

import (
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

// A drawing is painted once for a size, its strokes grow with it, and no more
// than a few are kept.
func TestDrawing(t *testing.T) {
	test.NewApp()
	kept := &Drawn{}
	l := NewLook(Metrics{WidthMM: 476, WidthPx: 1920, HeightPx: 1080}, Light(), 100)
	l.Drawn = kept
	paint := func(name string, side float32) image.Image {
		d := Drawing(l, name, `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400">`+
			`<path d="M0 200h400" stroke="{ink}" stroke-width="80"/></svg>`)
		d.Resize(fyne.NewSize(side+40, side))
		return d.Objects[0].(*canvas.Image).Image
	}
	first := paint("bar", 200)
	if paint("bar", 200) != first {
		t.Error("the same drawing is painted twice")
	}
	for _, side := range []int{100, 200, 400} {
		img := paint("bar", float32(side))
		if img.Bounds().Dx() != side {
			t.Fatalf("a drawing of %d is %v", side, img.Bounds())
		}
		high := 0
		for y := range side {
			if _, _, _, a := img.At(side/2, y).RGBA(); a > 0x7FFF {
				high++
			}
		}
		if want := side / 5; high < want-1 || high > want+1 {
			t.Errorf("at %d the stroke is %d wide, want %d", side, high, want)
		}
	}
	for side := range 40 {
		paint("bar", float32(20+2*side))
	}
	if len(kept.kept) != mostDrawn || len(kept.order) != mostDrawn {
		t.Errorf("%d drawings are kept", len(kept.kept))
	}
}
