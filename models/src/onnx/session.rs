//! A session with its tensors: bound once, filled in place, run without allocating.

use ort::AsPointer;
use ort::memory::Allocator;
use ort::session::{IoBinding, Session};
use ort::value::Tensor;

/// A session whose inputs and output are tied to tensors of fixed shapes.
pub(super) struct Bound {
    binding: IoBinding,
    inputs: Vec<Tensor<f32>>,
    output: Tensor<f32>,
    session: Session,
}

impl Bound {
    /// Makes tensors of zeros for the named inputs, and one for the output.
    pub fn new(
        session: Session,
        inputs: &[(String, Vec<i64>)],
        output: (&str, &[i64]),
    ) -> Result<Self, (Session, String)> {
        match bind(&session, inputs, output) {
            Ok((binding, inputs, output)) => Ok(Self {
                binding,
                inputs,
                output,
                session,
            }),
            Err(error) => {
                let problem = error.to_string();
                Err((session, problem))
            }
        }
    }

    /// The session, without its tensors.
    pub fn into_session(self) -> Session {
        self.session
    }

    /// The numbers of an input.
    pub fn input(&mut self, index: usize) -> Result<&mut [f32], String> {
        let tensor = self.inputs.get_mut(index).ok_or("there is no such input")?;
        let data = tensor.try_extract_tensor_mut::<f32>();
        data.map(|(_, data)| data)
            .map_err(|error| error.to_string())
    }

    /// The numbers of the output.
    pub fn output(&self) -> Result<&[f32], String> {
        let data = self.output.try_extract_tensor::<f32>();
        data.map(|(_, data)| data)
            .map_err(|error| error.to_string())
    }

    /// Runs the graph from the inputs to the output.
    pub fn run(&mut self) -> Result<(), String> {
        // `Session::run_binding` makes a description of each output, which allocates; the output is known.
        // SAFETY: the pointers are of this session and of a binding made from it, both alive and, by
        // `&mut self`, used by nobody else; a null pointer stands for default options. The bound tensors
        // are fields of `self`, and nobody holds a slice of them now. The status is handed over once.
        let ran = unsafe {
            let status = (ort::api().RunWithBinding)(
                self.session.ptr().cast_mut(),
                std::ptr::null(),
                self.binding.ptr(),
            );
            ort::Error::result_from_status(status)
        };
        ran.map_err(|error| error.to_string())
    }

    /// The same by way of `ort`: what [`Bound::run`] is tested against.
    #[cfg(test)]
    pub fn run_plainly(&mut self) -> Result<(), String> {
        let ran = self.session.run_binding(&self.binding);
        ran.map(drop).map_err(|error| error.to_string())
    }
}

type Tensors = (IoBinding, Vec<Tensor<f32>>, Tensor<f32>);

fn bind(
    session: &Session,
    inputs: &[(String, Vec<i64>)],
    output: (&str, &[i64]),
) -> ort::Result<Tensors> {
    let mut binding = session.create_binding()?;
    let mut tensors = Vec::with_capacity(inputs.len());
    for (name, shape) in inputs {
        let size = shape.iter().product::<i64>() as usize;
        // owned: with a borrowed one, `bind_input` of this version of `ort` never returns
        let tensor = Tensor::from_array((shape.clone(), vec![0f32; size]))?;
        binding.bind_input(name.as_str(), &tensor)?;
        tensors.push(tensor);
    }
    let (name, shape) = output;
    let mut result = Tensor::<f32>::new(&Allocator::default(), shape.to_vec())?;
    binding.bind_output(name, result.view_mut())?;
    Ok((binding, tensors, result))
}

#[cfg(test)]
use super::runtime;
#[cfg(test)]
#[path = "../../tests/ort/mod.rs"]
mod ort_there;

#[cfg(test)]
mod tests {
    use super::*;
    use super::{ort_there, runtime};

    #[test]
    fn running_directly_is_running_by_way_of_ort() {
        if !ort_there::there("running directly") {
            return;
        }
        let session = Session::builder(&runtime::environment(None).unwrap())
            .unwrap()
            .commit_from_file(ort_there::model("vcycle"))
            .unwrap();
        let shape = vec![1, 1, 24, 16];
        let inputs = [("r".to_string(), shape.clone())];
        let mut bound = Bound::new(session, &inputs, ("z", &shape))
            .map_err(|(_, problem)| problem)
            .unwrap();
        assert!(bound.input(1).is_err());
        for seed in 1..4u32 {
            for (i, r) in bound.input(0).unwrap().iter_mut().enumerate() {
                *r = (seed as f32 * i as f32).sin();
            }
            bound.run_plainly().unwrap();
            let expected = bound.output().unwrap().to_vec();
            assert!(expected.iter().any(|z| *z != 0.0));
            bound.input(0).unwrap().iter_mut().for_each(|r| *r = -*r);
            bound.run().unwrap();
            let found = bound.output().unwrap();
            assert!(found.iter().zip(&expected).all(|(a, b)| *a == -b));
        }
    }
}
