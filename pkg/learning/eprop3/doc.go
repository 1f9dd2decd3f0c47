// Package eprop3 learns in recurrent networks by e-prop 3: back-propagation
// inside short windows of time, eligibility traces that carry credit to what
// came before a window, and synthetic gradients that stand for what comes after
// it (Bellec et al., arXiv:1901.09049; section 6 of the method).
//
// # The factorisation
//
// In a network of package recurrent, with u_j, s_j and z_j the drive, hidden
// state and output of unit j, the gradient of any loss E is
//
//	(1) dE/dW_ij = Σ_t L_j[t] e_ij[t],  L_j[t] = dE/dz_j[t]
//	(2) ε_ij[t] = ∂s_j[t]/∂s_j[t-1] ε_ij[t-1] + ∂s_j[t]/∂u_j pre_i[t]
//	(3) e_ij[t] = ∂z_j[t]/∂s_j[t-1] ε_ij[t-1] + ∂z_j[t]/∂u_j pre_i[t]
//
// with pre = x[t], z[t-1] or 1, exactly, if the learning signal L is the total
// derivative, of all that z_j[t] does later except through s_j itself. The
// eligibility vectors ε and traces e run forward in time; L would have to come
// from the future.
//
// # The rule
//
// A sequence is cut into windows of Δ steps. States and eligibility vectors are
// carried from one to the next. In a window that ends with step T,
//
//	(4) L_j[t] = ∂/∂z_j[t] (losses of the window + Σ g·S[T])
//
// by back-propagation through the window alone. S is all that the next window
// starts from: outputs z, hidden states s and the readout's filter o. The
// synthetic gradient g, predicted by a network (Synthetic) from S[T], stands for
// dE/dS[T], E being the loss after T. It learns from the next window, where g can
// be computed up to that window's own synthetic gradient, and from g = 0 at the
// end of a sequence. If g is right, equation (4) is the total derivative and (1)
// the gradient.
//
// The method's text predicts dE/ds[T+1] from z[T]. Going back through step T+1,
// which is exact, that is g; and it has to be g for an LSTM, whose output gate
// reads z[T] without passing it through s[T+1]. All of S is shown to the
// network, because a few spikes of one millisecond say little.
//
// # Two ways to compute it
//
// Online runs the rule as it stands, with ε of each synapse and trial, in memory
// that does not grow with time. Learner has no n² state: with λ the adjoint of s
// in the window, and Λ that of the unit alone over the whole sequence,
//
//	(5) L[t] = g_out Woutᵀ + ∂E/∂u[t+1] Wrecᵀ by λ; at a window's end by g
//	(6) λ[t-1] = ∂s[t]/∂s[t-1] λ[t] + ∂z[t]/∂s[t-1] L[t],  at a window's end λ = g_s
//	(7) Λ[t-1] = ∂s[t]/∂s[t-1] Λ[t] + ∂z[t]/∂s[t-1] L[t],  never cut
//	(8) dW = Σ_t pre[t] (∂s[t]/∂u Λ[t] + ∂z[t]/∂u L[t])
//
// is the same sum (1), at the cost of back-propagation.
//
// # Its relatives
//
// Windows of one step without synthetic gradients are e-prop 1. Without traces
// (λ in the place of Λ) and synthetic gradients it is truncated back-propagation,
// and with one window for the whole sequence, back-propagation through time.
package eprop3
