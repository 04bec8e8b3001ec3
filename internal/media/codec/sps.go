package codec

// sps holds what we read from a sequence parameter set.
type sps struct {
	profile, compat, level byte
	width, height          int
	fps                    float64
	reorder                int
}

// maxSide is the largest picture side of level 6.2 (ITU-T H.264, A.3.1),
// generously rounded.
const maxSide = 16384

// parseSPS reads a sequence parameter set NAL unit (ITU-T H.264, 7.3.2.1.1).
func parseSPS(nal []byte) (sps, error) {
	if len(nal) < 4 || nal[0]&0x1f != nalSPS {
		return sps{}, malformed("no sequence parameter set")
	}
	b := &bits{data: unescape(nal[1:])}
	s := sps{reorder: -1}
	s.profile, s.compat, s.level = byte(b.u(8)), byte(b.u(8)), byte(b.u(8))
	if id := b.ue(); id > 31 {
		return sps{}, malformed("sequence parameter set id %d", id)
	}
	chroma := uint32(1)
	switch s.profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		chroma = readHighProfile(b)
	}
	b.ue() // log2_max_frame_num_minus4
	switch b.ue() {
	case 0:
		b.ue() // log2_max_pic_order_cnt_lsb_minus4
	case 1:
		b.skip(1)
		b.se()
		b.se()
		n := b.ue()
		if n > 255 {
			return sps{}, malformed("%d frames in the order cycle", n)
		}
		for range n {
			b.se()
		}
	}
	b.ue() // max_num_ref_frames
	b.skip(1)
	mbWidth, mapHeight := b.ue()+1, b.ue()+1
	frameOnly := b.one()
	if frameOnly == 0 {
		b.skip(1)
	}
	b.skip(1) // direct_8x8_inference_flag
	var left, right, top, bottom uint32
	if b.flag() {
		left, right, top, bottom = b.ue(), b.ue(), b.ue(), b.ue()
	}
	if mbWidth > maxSide/16 || mapHeight > maxSide/16 || left+right > maxSide || top+bottom > maxSide {
		return sps{}, malformed("picture size")
	}
	unitX, unitY := cropUnits(chroma, frameOnly)
	s.width = int(mbWidth)*16 - int((left+right)*unitX)
	s.height = int(2-frameOnly)*int(mapHeight)*16 - int((top+bottom)*unitY)
	if b.over || s.width <= 0 || s.height <= 0 {
		return sps{}, malformed("sequence parameter set is too short or crops everything")
	}
	if b.flag() {
		readVUI(b, &s)
	}
	if s.reorder < 0 && (s.profile == 66 || s.profile == 66|8) {
		s.reorder = 0 // the baseline profiles have no B slices
	}
	return s, nil
}

func cropUnits(chroma, frameOnly uint32) (x, y uint32) {
	x, y = 1, 2-frameOnly
	if chroma == 1 || chroma == 2 {
		x = 2
	}
	if chroma == 1 {
		y *= 2
	}
	return x, y
}

// readHighProfile skips the fields only high profiles have and returns
// chroma_format_idc.
func readHighProfile(b *bits) uint32 {
	chroma := b.ue()
	lists := 8
	if chroma == 3 {
		b.skip(1)
		lists = 12
	}
	b.ue()
	b.ue()
	b.skip(1)
	if !b.flag() {
		return chroma
	}
	for i := range lists {
		if !b.flag() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		last, next := int32(8), int32(8)
		for range size {
			if next != 0 {
				next = (last + b.se() + 256) % 256
			}
			if next != 0 {
				last = next
			}
		}
	}
	return chroma
}

// readVUI takes the frame rate and the reorder depth from the usability
// information (ITU-T H.264, E.1.1). What is cut short is left unknown.
func readVUI(b *bits, s *sps) {
	if b.flag() && b.u(8) == 255 { // aspect_ratio_idc, Extended_SAR
		b.skip(32)
	}
	if b.flag() { // overscan
		b.skip(1)
	}
	if b.flag() { // video signal type
		b.skip(4)
		if b.flag() {
			b.skip(24)
		}
	}
	if b.flag() { // chroma location
		b.ue()
		b.ue()
	}
	if b.flag() {
		units, scale := b.u(32), b.u(32)
		b.skip(1)
		if fps := float64(scale) / (2 * float64(units)); !b.over && units > 0 && fps >= 1 && fps <= 300 {
			s.fps = fps
		}
	}
	nalHRD := b.flag()
	if nalHRD {
		skipHRD(b)
	}
	vclHRD := b.flag()
	if vclHRD {
		skipHRD(b)
	}
	if nalHRD || vclHRD {
		b.skip(1)
	}
	b.skip(1) // pic_struct_present_flag
	if !b.flag() {
		return
	}
	b.skip(1)
	b.ue()
	b.ue()
	b.ue()
	b.ue()
	if n := b.ue(); !b.over && n <= 16 {
		s.reorder = int(n)
	}
}

func skipHRD(b *bits) {
	n := b.ue() + 1
	b.skip(8)
	for range min(n, 32) {
		b.ue()
		b.ue()
		b.skip(1)
	}
	b.skip(20)
}
