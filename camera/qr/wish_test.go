package qr

import (
	"image"
	"testing"

	"shlkiosk/camera"
)

// wishes counts what a film made the reader wish for.
func wishes(fs []*image.Gray) (n [4]int, read bool) {
	r := NewReader(Options{Synchronous: true})
	for i, f := range fs {
		res := r.Frame(frame(f, i))
		n[res.Wish]++
		read = read || len(res.Readings) > 0
	}
	return n, read
}

// What would help is wished for, and nothing by a code that can be read.
func TestWishes(t *testing.T) {
	still := func(change func(v *view)) []*image.Gray {
		return film(t, 14, func(i int, v *view) {
			for k := range v.quad { // film moves it; this one lies still
				v.quad[k].x -= 1.7 * float64(i)
				v.quad[k].y -= .6 * float64(i)
			}
			if change != nil {
				change(v)
			}
		})
	}
	for name, c := range map[string]struct {
		change func(v *view)
		want   camera.Wish
	}{
		"good":  {nil, camera.WishNone},
		"blur":  {func(v *view) { v.blur = 2.5 }, camera.WishSharper},
		"night": {func(v *view) { v.dark, v.light, v.ground, v.blur = 30, 46, 40, 2 }, camera.WishLighter},
	} {
		t.Run(name, func(t *testing.T) {
			n, read := wishes(still(c.change))
			t.Log(n, read)
			for w := range n {
				if w := camera.Wish(w); w == c.want || w == camera.WishNone {
					continue
				}
				if n[w] > 0 {
					t.Errorf("wished for %d %d times", w, n[w])
				}
			}
			if n[c.want] == 0 || read != (c.want == camera.WishNone) {
				t.Errorf("%v, read %v", n, read)
			}
		})
	}
}

func TestWishFollowsTheHint(t *testing.T) {
	r := NewReader(Options{Synchronous: true})
	p := newPlane(64, 64, nil)
	for cause, want := range map[Hint]camera.Wish{HintBrightness: camera.WishDarker, HintHoldStill: camera.WishDarker,
		HintNearer: camera.WishNone, HintFarther: camera.WishNone, HintOneCode: camera.WishNone, HintNone: camera.WishNone} {
		if w := r.wished(cause, &p); w != want {
			t.Errorf("%v: wish %d", cause, w)
		}
	}
}
