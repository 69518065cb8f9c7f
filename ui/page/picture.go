package page

import (
	"bytes"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
)

// readPPM reads one binary PPM picture (P6, 8 bits a colour) whose sides are
// at most side, give or take the rounding of -scale-to.
func readPPM(b []byte, side int) (*image.RGBA, error) {
	rest, ok := bytes.CutPrefix(b, []byte("P6\n"))
	if !ok {
		return nil, refuse(ReasonDamaged, "no picture came out")
	}
	width, rest, ok1 := number(rest)
	height, rest, ok2 := number(rest)
	depth, rest, ok3 := number(rest)
	if !ok1 || !ok2 || !ok3 || depth != 255 || width < 1 || height < 1 || width > side+1 || height > side+1 ||
		len(rest) < width*height*3 {
		return nil, refuse(ReasonDamaged, "the picture that came out is not whole")
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3] = rest[3*i], rest[3*i+1], rest[3*i+2], 255
	}
	return img, nil
}

// number reads a decimal number and the one white space after it.
func number(b []byte) (n int, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9' && i < 6; i++ {
		n = n*10 + int(b[i]-'0')
	}
	if i == 0 || i >= len(b) || b[i] != ' ' && b[i] != '\n' {
		return 0, nil, false
	}
	return n, b[i+1:], true
}

// Picture decodes an attached JPEG, PNG or GIF (its first frame) of at most
// 20 megapixels. The size is looked at before anything is unpacked.
func (r *Renderer) Picture(b []byte) (*image.RGBA, error) {
	if len(b) > r.o.MaxBytes {
		return nil, refuse(ReasonTooLarge, "%d bytes, at most %d", len(b), r.o.MaxBytes)
	}
	type kind struct {
		config func() (image.Config, error)
		decode func() (image.Image, error)
	}
	var k kind
	in := func() *bytes.Reader { return bytes.NewReader(b) }
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		k = kind{func() (image.Config, error) { return jpeg.DecodeConfig(in()) }, func() (image.Image, error) { return jpeg.Decode(in()) }}
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		k = kind{func() (image.Config, error) { return png.DecodeConfig(in()) }, func() (image.Image, error) { return png.Decode(in()) }}
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		k = kind{func() (image.Config, error) { return gif.DecodeConfig(in()) }, func() (image.Image, error) { return gif.Decode(in()) }}
	default:
		return nil, refuse(ReasonNotPicture, "neither JPEG, PNG nor GIF")
	}
	config, err := k.config()
	if err != nil {
		return nil, &Error{Reason: ReasonDamaged, Err: err}
	}
	if config.Width < 1 || config.Height < 1 || config.Width > mostPixels/config.Height {
		return nil, refuse(ReasonTooLarge, "%d by %d pixels, at most %d in all", config.Width, config.Height, mostPixels)
	}
	img, err := k.decode()
	if err != nil {
		return nil, &Error{Reason: ReasonDamaged, Err: err}
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Over)
	return out, nil
}
