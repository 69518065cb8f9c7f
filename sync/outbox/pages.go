package outbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// This file reads the structure of a bbolt file by itself, with nothing but
// ReadAt, and refuses whatever is not exactly right. bbolt trusts its pages: on
// a flipped bit it may panic in a goroutine of its own, read outside of its
// memory map, or quietly show fewer keys. So it gets to see a file only after
// walk has found it whole. Layout: bbolt internal/common, file version 2.

const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeaderSize = 16
	elementSize    = 16
	flagBranch     = 0x01
	flagLeaf       = 0x02
	flagMeta       = 0x04
	flagBucket     = 0x01 // of a leaf element: the value is a bucket

	noFreelist = ^uint64(0)
)

// item is one key of the file with the names of the buckets it is in. Value
// reads what belongs to it.
type item struct {
	path [][]byte
	key  []byte
	size int
	read func() ([]byte, error)
}

type walker struct {
	r        io.ReaderAt
	size     int64
	pageSize int
	high     uint64 // pages from here on are not in use
	seen     map[uint64]bool
	visit    func(item) error
}

// walk checks the structure of a bbolt file and calls visit for each key that
// is not a bucket. An error means damage (or that visit failed).
func walk(r io.ReaderAt, size int64, visit func(item) error) error {
	m, err := readMeta(r)
	if err != nil {
		return err
	}
	w := &walker{r: r, size: size, pageSize: m.pageSize, high: m.high, seen: map[uint64]bool{0: true, 1: true}, visit: visit}
	if int64(m.high)*int64(m.pageSize) > size {
		return fmt.Errorf("the file is cut short: %d pages in use, %d bytes", m.high, size)
	}
	if m.freelist != noFreelist {
		return fmt.Errorf("the file has a stored free list, ours have none")
	}
	return w.bucket(nil, m.root)
}

type metaPage struct {
	pageSize         int
	root, high, txid uint64
	freelist         uint64
}

// readMeta takes the younger of the two meta pages. A single valid one will do,
// as it does for bbolt: after a power cut the younger may be torn, and then its
// transaction was never acknowledged. Whether it was is for the witness to say.
func readMeta(r io.ReaderAt) (metaPage, error) {
	a, errA := metaAt(r, 0)
	pageSize := 4096
	if errA == nil {
		pageSize = a.pageSize
	}
	b, errB := metaAt(r, int64(pageSize))
	switch {
	case errA != nil && errB != nil:
		return metaPage{}, fmt.Errorf("both meta pages: %w", errA)
	case errA != nil:
		return b, nil //nolint:nilerr // the other page is the newest whole one
	case errB != nil:
		return a, nil //nolint:nilerr // as above
	case a.pageSize != b.pageSize:
		return metaPage{}, fmt.Errorf("the meta pages disagree")
	case b.txid > a.txid:
		return b, nil
	}
	return a, nil
}

func metaAt(r io.ReaderAt, off int64) (metaPage, error) {
	b := make([]byte, pageHeaderSize+64)
	if _, err := r.ReadAt(b, off); err != nil {
		return metaPage{}, err
	}
	le := binary.LittleEndian
	if le.Uint16(b[8:]) != flagMeta {
		return metaPage{}, fmt.Errorf("not a meta page")
	}
	m := b[pageHeaderSize:]
	if le.Uint32(m) != boltMagic || le.Uint32(m[4:]) != boltVersion {
		return metaPage{}, fmt.Errorf("not a bbolt file of version %d", boltVersion)
	}
	h := fnv.New64a()
	h.Write(m[:56])
	if h.Sum64() != le.Uint64(m[56:]) {
		return metaPage{}, fmt.Errorf("checksum of the meta page")
	}
	size := int(le.Uint32(m[8:]))
	if size < 1024 || size > 1<<20 || size&(size-1) != 0 {
		return metaPage{}, fmt.Errorf("page size %d", size)
	}
	return metaPage{
		pageSize: size, root: le.Uint64(m[16:]), freelist: le.Uint64(m[32:]),
		high: le.Uint64(m[40:]), txid: le.Uint64(m[48:]),
	}, nil
}

// page is the checked head of one page: its elements, without their content.
type page struct {
	id    uint64
	at    int64 // offset in the file; -1 for a page inside a value
	limit int   // bytes that belong to it, overflow included
	leaf  bool
	count int
	head  []byte // page header and elements
}

func (w *walker) page(id uint64) (page, error) {
	if id < 2 || id >= w.high {
		return page{}, fmt.Errorf("page %d is out of bounds", id)
	}
	at := int64(id) * int64(w.pageSize)
	b := make([]byte, w.pageSize)
	if _, err := w.r.ReadAt(b, at); err != nil {
		return page{}, fmt.Errorf("page %d: %w", id, err)
	}
	overflow := uint64(binary.LittleEndian.Uint32(b[12:]))
	if binary.LittleEndian.Uint64(b) != id || id+overflow >= w.high {
		return page{}, fmt.Errorf("page %d: header", id)
	}
	for i := id; i <= id+overflow; i++ {
		if w.seen[i] {
			return page{}, fmt.Errorf("page %d is used twice", i)
		}
		w.seen[i] = true
	}
	limit := int(overflow+1) * w.pageSize
	p, err := w.head(b, limit)
	if err != nil {
		return page{}, fmt.Errorf("page %d: %w", id, err)
	}
	p.id, p.at = id, at
	if need := pageHeaderSize + p.count*elementSize; need > len(b) { // elements reach into the overflow
		if need > limit {
			return page{}, fmt.Errorf("page %d: too many elements", id)
		}
		p.head = make([]byte, need)
		if _, err := w.r.ReadAt(p.head, at); err != nil {
			return page{}, fmt.Errorf("page %d: %w", id, err)
		}
	}
	return p, nil
}

func (w *walker) head(b []byte, limit int) (page, error) {
	p := page{limit: limit, head: b, count: int(binary.LittleEndian.Uint16(b[10:]))}
	switch binary.LittleEndian.Uint16(b[8:]) {
	case flagLeaf:
		p.leaf = true
	case flagBranch:
		if p.count == 0 {
			return page{}, fmt.Errorf("empty branch")
		}
	default:
		return page{}, fmt.Errorf("kind of page")
	}
	return p, nil
}

// span reads n bytes at off of a page.
func (w *walker) span(p page, off, n int) ([]byte, error) {
	first := pageHeaderSize + p.count*elementSize
	if off < first || n < 0 || off+n > p.limit || off+n < off {
		return nil, fmt.Errorf("page %d: element out of bounds", p.id)
	}
	if off+n <= len(p.head) {
		return p.head[off : off+n : off+n], nil
	}
	if p.at < 0 {
		return nil, fmt.Errorf("inline page: element out of bounds")
	}
	b := make([]byte, n)
	_, err := w.r.ReadAt(b, p.at+int64(off))
	return b, err
}

// bounds are the keys that a page's keys must lie between.
type bounds struct{ from, below []byte }

func (w *walker) bucket(path [][]byte, root uint64) error {
	if len(path) > 4 {
		return fmt.Errorf("buckets are nested too deep")
	}
	return w.tree(path, root, bounds{}, 0)
}

func (w *walker) tree(path [][]byte, id uint64, in bounds, depth int) error {
	if depth > 16 {
		return fmt.Errorf("page %d: tree is too deep", id)
	}
	p, err := w.page(id)
	if err != nil {
		return err
	}
	return w.elements(path, p, in, depth)
}

func (w *walker) elements(path [][]byte, p page, in bounds, depth int) error {
	le := binary.LittleEndian
	keys := make([][]byte, p.count)
	end := pageHeaderSize + p.count*elementSize // bbolt packs the content without gaps
	for i := range p.count {
		at := pageHeaderSize + i*elementSize
		el := p.head[at : at+elementSize]
		var pos, ksize, vsize int
		if p.leaf {
			pos, ksize, vsize = int(le.Uint32(el[4:])), int(le.Uint32(el[8:])), int(le.Uint32(el[12:]))
			if f := le.Uint32(el); f != 0 && f != flagBucket {
				return fmt.Errorf("page %d: kind of element", p.id)
			}
		} else {
			pos, ksize = int(le.Uint32(el)), int(le.Uint32(el[4:]))
		}
		if at+pos != end || ksize == 0 {
			return fmt.Errorf("page %d: element %d is out of place", p.id, i)
		}
		end += ksize + vsize
		if end > p.limit {
			return fmt.Errorf("page %d: element out of bounds", p.id)
		}
		key, err := w.span(p, at+pos, ksize)
		if err != nil {
			return err
		}
		if i > 0 && bytes.Compare(keys[i-1], key) >= 0 ||
			in.from != nil && bytes.Compare(key, in.from) < 0 || in.below != nil && bytes.Compare(key, in.below) >= 0 {
			return fmt.Errorf("page %d: keys are out of order", p.id)
		}
		keys[i] = key
	}
	for i, key := range keys {
		at := pageHeaderSize + i*elementSize
		el := p.head[at : at+elementSize]
		if !p.leaf {
			below := in.below
			if i+1 < len(keys) {
				below = keys[i+1]
			}
			if err := w.tree(path, le.Uint64(el[8:]), bounds{key, below}, depth+1); err != nil {
				return err
			}
			continue
		}
		off, size := at+int(le.Uint32(el[4:]))+len(key), int(le.Uint32(el[12:]))
		if le.Uint32(el) == flagBucket {
			if err := w.child(append(path[:len(path):len(path)], key), p, off, size); err != nil {
				return err
			}
			continue
		}
		read := func() ([]byte, error) { return w.span(p, off, size) }
		if err := w.visit(item{path: path, key: key, size: size, read: read}); err != nil {
			return err
		}
	}
	return nil
}

// child walks a bucket: its value is the root page's number and a sequence
// number, and for a small bucket the page itself.
func (w *walker) child(path [][]byte, p page, off, size int) error {
	v, err := w.span(p, off, size)
	if err != nil {
		return err
	}
	if size < 16 {
		return fmt.Errorf("page %d: bucket of %d bytes", p.id, size)
	}
	if root := binary.LittleEndian.Uint64(v); root != 0 {
		if size != 16 {
			return fmt.Errorf("page %d: bucket of %d bytes", p.id, size)
		}
		return w.bucket(path, root)
	}
	inline := v[16:]
	if len(inline) < pageHeaderSize {
		return fmt.Errorf("page %d: inline bucket of %d bytes", p.id, size)
	}
	q, err := w.head(inline, len(inline))
	if err != nil {
		return fmt.Errorf("page %d: inline bucket: %w", p.id, err)
	}
	if !q.leaf || pageHeaderSize+q.count*elementSize > len(inline) {
		return fmt.Errorf("page %d: inline bucket", p.id)
	}
	q.id, q.at = p.id, -1
	return w.elements(path, q, bounds{}, 0)
}

// bothMetas tells whether both meta pages of a file are valid.
func bothMetas(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	a, errA := metaAt(f, 0)
	if errA != nil {
		return false
	}
	_, errB := metaAt(f, int64(a.pageSize))
	return errB == nil
}
