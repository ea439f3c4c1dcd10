//! What can be wrong with a matrix that is handed in.

/// Why arrays do not form a valid sparse matrix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatrixError {
    /// The row pointer array has the wrong length.
    #[error("row pointers: expected {expected} (rows + 1), got {got}")]
    RowPtrLength {
        /// rows + 1
        expected: usize,
        /// length given
        got: usize,
    },
    /// Row pointers must start at 0, never decrease, and end at the number of entries.
    #[error("row pointers: row {row} runs from {start} to {end}, of {nnz} entries")]
    RowPtrOrder {
        /// row, 0-based
        row: usize,
        /// first entry
        start: usize,
        /// one past the last entry
        end: usize,
        /// entries in all
        nnz: usize,
    },
    /// Indices and values differ in number.
    #[error("{indices} column indices but {values} values")]
    Lengths {
        /// number of column indices
        indices: usize,
        /// number of values
        values: usize,
    },
    /// An index is outside of the matrix.
    #[error(
        "entry ({row}, {col}) is outside of a matrix with {nrows} rows and {ncols} columns (counted from 0)"
    )]
    OutOfBounds {
        /// row, 0-based
        row: usize,
        /// column, 0-based
        col: usize,
        /// rows
        nrows: usize,
        /// columns
        ncols: usize,
    },
    /// Columns within a row must increase strictly.
    #[error(
        "row {row}: column {col} (0-based) is out of order or repeated; sort rows and sum duplicates, or use `Csr::from_triplets`"
    )]
    Unsorted {
        /// row, 0-based
        row: usize,
        /// offending column, 0-based
        col: usize,
    },
    /// More rows, columns or entries than 32-bit indices reach.
    #[error(
        "{what} = {got} does not fit the 32-bit indices of `Csr` (at most 2^31 - 1 rows and columns and 2^32 - 1 entries); borrow it as a `CsrRef<usize>` instead"
    )]
    TooLarge {
        /// `"rows"`, `"columns"` or `"entries"`
        what: &'static str,
        /// number given
        got: usize,
    },
    /// A matrix of another library is laid out in a way that a view cannot follow.
    #[error("a {library} matrix cannot be viewed as compressed rows: {problem}")]
    Layout {
        /// `"faer"` or `"sprs"`
        library: &'static str,
        /// what stands in the way, and what to do
        problem: &'static str,
    },
    /// A slice has the wrong length.
    #[error("{what}: expected {expected} elements, got {got}")]
    Length {
        /// which slice
        what: &'static str,
        /// length needed
        expected: usize,
        /// length given
        got: usize,
    },
    /// Two matrices that are combined differ in size.
    #[error("a {}x{} and a {}x{} matrix cannot be combined", left.0, left.1, right.0, right.1)]
    Shapes {
        /// rows and columns of the first
        left: (usize, usize),
        /// rows and columns of the second
        right: (usize, usize),
    },
    /// The operation needs a square matrix.
    #[error("a square matrix is needed, this one has {nrows} rows and {ncols} columns")]
    NotSquare {
        /// rows
        nrows: usize,
        /// columns
        ncols: usize,
    },
    /// Two matrices or arrays that must have the same pattern do not.
    #[error("the sparsity pattern differs: {what}")]
    PatternDiffers {
        /// what differs
        what: String,
    },
    /// A permutation is not one.
    #[error("not a permutation of 0..{n}: index {index} is out of range or repeated")]
    NotAPermutation {
        /// length
        n: usize,
        /// offending index
        index: usize,
    },
    /// A problem generator was given parameters it cannot use.
    #[error("{generator}: {problem}")]
    Parameter {
        /// generator
        generator: &'static str,
        /// what is wrong, and what is allowed
        problem: String,
    },
}
