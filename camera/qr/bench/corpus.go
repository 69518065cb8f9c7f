package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// picture is one still with its exact text.
type picture struct {
	ID, File, Group, Grade, Text string
	Others                       []string // texts of other codes in view
}

// clip is one film; its frames are f000.jpg and so on.
type clip struct {
	ID, Dir, Text, Style string
	Hard                 int
}

type corpus struct {
	dir    string
	stills []picture
	clips  []clip
	groups []string
}

func loadCorpus(dir, only string) (*corpus, error) {
	f, err := os.Open(filepath.Join(dir, "manifest.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("open the corpus: %w", err)
	}
	defer f.Close()
	c := &corpus{dir: dir}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var e struct {
			picture
			Dir, Style string
			Hard       int
		}
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("manifest of %s: %w", dir, err)
		}
		switch {
		case !strings.Contains(e.ID, only):
		case e.File != "":
			c.stills = append(c.stills, e.picture)
			if !slices.Contains(c.groups, e.Group) {
				c.groups = append(c.groups, e.Group)
			}
		case e.Dir != "":
			c.clips = append(c.clips, clip{e.ID, e.Dir, e.Text, e.Style, e.Hard})
		}
	}
	return c, sc.Err()
}

func (c *corpus) path(p ...string) string { return filepath.Join(append([]string{c.dir}, p...)...) }

// frames lists a clip's files in order.
func (c *corpus) frames(k clip) []string {
	names, _ := filepath.Glob(c.path(k.Dir, "f*.jpg"))
	slices.Sort(names)
	return names
}

// gray reads a JPEG as grey.
func gray(file string) (*image.Gray, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	im, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	switch g := im.(type) {
	case *image.Gray:
		return g, nil
	case *image.YCbCr: // its first plane is the grey picture
		return &image.Gray{Pix: g.Y, Stride: g.YStride, Rect: g.Rect}, nil
	}
	g := image.NewGray(im.Bounds())
	draw.Draw(g, g.Bounds(), im, im.Bounds().Min, draw.Src)
	return g, nil
}
