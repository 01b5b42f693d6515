/** What is shown when the app could not start: why, and a way to try again. */
import { useEffect } from 'preact/hooks';

interface Props {
  reason: string;
  onRetry: () => void;
}

export function NotStarted({ reason, onRetry }: Props) {
  useEffect(() => {
    addEventListener('online', onRetry);
    return () => removeEventListener('online', onRetry);
  }, [onRetry]);
  return (
    <section class="welcome" role="alert">
      <h1>The app could not start</h1>
      <p>{reason}</p>
      <button type="button" class="primary" onClick={onRetry}>
        Try again
      </button>
    </section>
  );
}
