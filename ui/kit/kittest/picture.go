package kittest

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"golang.org/x/image/draw"
)

// Write writes a picture as PNG, small or fast.
func Write(path string, img image.Image, small bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if small {
		enc.CompressionLevel = png.BestCompression
	}
	return errors.Join(enc.Encode(f, img), f.Close())
}

// Reduced is the picture at a width, each point the mean of what it stands for,
// and so the same on every machine.
func Reduced(img image.Image, width int) *image.RGBA {
	b := img.Bounds()
	from, ok := img.(*image.RGBA)
	if !ok {
		from = image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		draw.Draw(from, from.Rect, img, b.Min, draw.Src)
	}
	b = from.Rect
	out := image.NewRGBA(image.Rect(0, 0, width, width*b.Dy()/b.Dx()))
	for y := range out.Rect.Dy() {
		y0, y1 := y*b.Dy()/out.Rect.Dy(), (y+1)*b.Dy()/out.Rect.Dy()
		for x := range width {
			x0, x1 := x*b.Dx()/width, (x+1)*b.Dx()/width
			var sum [3]int
			for yy := y0; yy < y1; yy++ {
				row := from.Pix[yy*from.Stride+4*x0 : yy*from.Stride+4*x1]
				for i := 0; i < len(row); i += 4 {
					sum[0], sum[1], sum[2] = sum[0]+int(row[i]), sum[1]+int(row[i+1]), sum[2]+int(row[i+2])
				}
			}
			n := max(1, (x1-x0)*(y1-y0))
			out.SetRGBA(x, y, color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
		}
	}
	return out
}

// Sheet lays pictures of one size out in rows with a gap between them.
func Sheet(pictures []image.Image, columns, gap int) *image.RGBA {
	size := pictures[0].Bounds().Size()
	columns = min(columns, len(pictures))
	rows := (len(pictures) + columns - 1) / columns
	out := image.NewRGBA(image.Rect(0, 0, columns*(size.X+gap)+gap, rows*(size.Y+gap)+gap))
	draw.Draw(out, out.Rect, image.NewUniform(color.Gray{Y: 0x70}), image.Point{}, draw.Src)
	for i, p := range pictures {
		at := image.Pt(gap+i%columns*(size.X+gap), gap+i/columns*(size.Y+gap))
		draw.Draw(out, image.Rectangle{Min: at, Max: at.Add(size)}, p, p.Bounds().Min, draw.Src)
	}
	return out
}

// Goldens are kept pictures: a contact sheet for each set of screens, in a
// folder, together with the list of the screens in their order. They are
// reduced and kept in 16 steps a colour, so that a whole set is a file of some
// hundred kilobytes that a person can look at.
//
// A picture is compared point by point with steps to spare for rounding: a
// letter that is missing, a button that moved by a few pixels or has another
// colour is found; another machine's last bit is not.
type Goldens struct {
	Dir   string
	Names []string // of the screens, in order
	Width int      // of one reduced picture
	// Columns of a sheet; default 8.
	Columns int
}

// step is one of the 16 of a colour.
const step = 17

// kept is a picture as it is kept.
func (g Goldens) kept(img image.Image) *image.RGBA {
	out := Reduced(img, g.Width)
	for i, v := range out.Pix {
		out.Pix[i] = uint8((int(v) + step/2) / step * step)
	}
	return out
}

func (g Goldens) columns() int {
	if g.Columns > 0 {
		return g.Columns
	}
	return 8
}

func (g Goldens) path(set string) string { return filepath.Join(g.Dir, set+".png") }

// Save writes the sheet of a set; pictures are in the order of Names.
func (g Goldens) Save(set string, pictures []image.Image) error {
	if len(pictures) != len(g.Names) {
		return fmt.Errorf("%s: %d pictures of %d screens", set, len(pictures), len(g.Names))
	}
	small := make([]image.Image, len(pictures))
	for i, p := range pictures {
		small[i] = g.kept(p)
	}
	return Write(g.path(set), Sheet(small, g.columns(), 0), true)
}

// Load reads the sheet of a set.
func (g Goldens) Load(set string) (image.Image, error) {
	f, err := os.Open(g.path(set))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}

// Compare tells what is different between a screen's picture and the one that
// is kept on the sheet of its set, in words; "" nothing.
func (g Goldens) Compare(sheet image.Image, screen int, img image.Image) string {
	is := g.kept(img)
	size, columns := is.Rect.Size(), g.columns()
	columns = min(columns, len(g.Names))
	at := image.Pt(screen%columns*size.X, screen/columns*size.Y)
	if !(image.Rectangle{Min: at, Max: at.Add(size)}).In(sheet.Bounds()) {
		return "it is not on the sheet"
	}
	var worst, many int
	where := image.Point{}
	for y := range size.Y {
		for x := range size.X {
			r, gr, b, _ := sheet.At(at.X+x, at.Y+y).RGBA()
			c := is.RGBAAt(x, y)
			d := max(away(r, c.R), away(gr, c.G), away(b, c.B))
			if d > worst {
				worst, where = d, image.Pt(x, y)
			}
			if d > 1 {
				many++
			}
		}
	}
	if worst <= 2 && many <= 3 {
		return ""
	}
	scale := float64(img.Bounds().Dx()) / float64(size.X)
	return fmt.Sprintf("%d of %d points differ, most by %d of 15 steps at %.0f,%.0f", many, size.X*size.Y, worst,
		(float64(where.X)+0.5)*scale, (float64(where.Y)+0.5)*scale)
}

// away is how many steps a kept colour is from one that is seen.
func away(kept uint32, seen uint8) int {
	d := (int(kept>>8)+step/2)/step - int(seen)/step
	return max(d, -d)
}
