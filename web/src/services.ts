/** The API, the session and settings of the stack, which every view may need. Knows no view. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Api } from './api/client';
import type { Sessions } from './auth/session';
import type { PasswordRules } from './config';

export interface Services {
  api: Api;
  sessions: Sessions;
  /** For how many days a deleted resource can be restored; 0 if it cannot. */
  trashDays: number;
  /** Whether anybody may make an account. */
  signUp: boolean;
  passwordRules: PasswordRules | null;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error('This component must be rendered inside a ServicesContext.');
  return services;
}
