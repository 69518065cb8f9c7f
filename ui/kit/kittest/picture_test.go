package kittest

import (
	"image"
	"image/color"
	"image/draw"
	"testing"
)

// page is a picture with a button and some strokes like letters.
func page(change func(*image.RGBA)) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 960, 540))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{0xF2, 0xF5, 0xF7, 255}), image.Point{}, draw.Src)
	fill(img, image.Rect(700, 440, 900, 500), color.RGBA{0, 0x40, 0x5C, 255})
	for x := 100; x < 400; x += 14 {
		fill(img, image.Rect(x, 200, x+4, 222), color.RGBA{12, 34, 51, 255})
	}
	if change != nil {
		change(img)
	}
	return img
}

func fill(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// What a person would see trips the comparison, what nobody sees does not.
func TestGoldensSeeWhatAPersonSees(t *testing.T) {
	g := Goldens{Dir: t.TempDir(), Names: []string{"one", "two", "three"}, Width: 240, Columns: 2}
	if err := g.Save("set", []image.Image{page(nil), page(func(i *image.RGBA) { fill(i, i.Rect, color.RGBA{A: 255}) }), page(nil)}); err != nil {
		t.Fatal(err)
	}
	sheet, err := g.Load("set")
	if err != nil {
		t.Fatal(err)
	}
	ground := color.RGBA{0xF2, 0xF5, 0xF7, 255}
	for name, tc := range map[string]struct {
		change func(*image.RGBA)
		differ bool
	}{
		"the same": {nil, false},
		"the last bit of every point": {func(i *image.RGBA) {
			for p := range i.Pix {
				if p%4 != 3 {
					i.Pix[p] ^= 1
				}
			}
		}, false},
		"one letter less": {func(i *image.RGBA) { fill(i, image.Rect(198, 200, 202, 222), ground) }, true},
		"a button moved 4 px": {func(i *image.RGBA) {
			fill(i, image.Rect(700, 440, 900, 500), ground)
			fill(i, image.Rect(704, 440, 904, 500), color.RGBA{0, 0x40, 0x5C, 255})
		}, true},
		"a button of the same grey in another colour": {func(i *image.RGBA) {
			fill(i, image.Rect(700, 440, 900, 500), color.RGBA{0x7A, 0x18, 0x10, 255})
		}, true},
		"text cut in half": {func(i *image.RGBA) { fill(i, image.Rect(100, 211, 400, 222), ground) }, true},
	} {
		for screen, want := range map[int]bool{0: tc.differ, 2: tc.differ, 1: true} {
			if got := g.Compare(sheet, screen, page(tc.change)); (got != "") != want {
				t.Errorf("%s, screen %d: %q", name, screen, got)
			}
		}
	}
	if g.Compare(sheet, 7, page(nil)) == "" {
		t.Error("a screen that is on no sheet passes")
	}
	if g.Save("set", []image.Image{page(nil)}) == nil {
		t.Error("a sheet with a screen missing was written")
	}
}
