package qr

import (
	"image"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// stock is gozxing's own reader as it comes, with TRY_HARDER, on the picture
// and on its negative.
func stock(img *image.Gray) (text string, points []gozxing.ResultPoint, ok bool) {
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	src := gozxing.NewLuminanceSourceFromImage(img)
	for _, s := range [2]gozxing.LuminanceSource{src, src.Invert()} {
		bm, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(s))
		if err != nil {
			continue
		}
		if res, err := qrcode.NewQRCodeReader().Decode(bm, hints); err == nil {
			return res.GetText(), res.GetResultPoints(), true
		}
	}
	return "", nil, false
}
