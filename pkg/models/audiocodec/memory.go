package audiocodec

// Activations is about how many numbers the outputs of all layers of a model have, for so
// many samples: values alone, without gradients.
func (s *Spec) Activations(samples int) int64 {
	if s.Front == "mdct" {
		m := s.MDCT
		width := int64(2*m.Hop + s.Units*3 + m.Channels*(3+(3*m.EncoderResiduals+3*m.DecoderResiduals)))
		return width*int64(s.Frames(samples)) + 2*int64(samples)
	}
	n := s.SEANet
	total, length := int64(0), int64(samples)
	for i, width := range n.Widths {
		total += 2 * int64(width) * length * int64(2+4*n.Residuals) // both encoder and decoder
		if i < len(n.Ratios) {
			length /= int64(n.Ratios[len(n.Ratios)-1-i])
		}
	}
	return total + 3*int64(s.Units)*length + int64(n.LSTMLayers)*2*6*int64(n.Widths[len(n.Widths)-1])*length
}
