;;; explog-ref-mode.el --- References to experiments are alive  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-ref-mode' makes buttons of the references in a buffer, and in a
;; log of the hashes on steps too.  A mouse click or \`C-c RET' goes there;
;; eldoc and a tooltip say what it is; xref finds the step, and all
;; commits.  `global-explog-ref-mode' turns it on wherever there is text.

;;; Code:

(require 'explog)
(require 'explog-ref)
(require 'explog-ref-button)
(require 'seq)

(autoload 'explog-ref-xref-backend "explog-ref-xref")
(defvar explog-bridge-ready-hook)
(defvar explog-cache-changed-functions)
(defvar org-open-at-point-functions)

;;;; Eldoc

(defvar explog-ref--eldoc-waits nil
  "What eldoc waits for, (ID STEP CALLBACK), or nil.")

(defun explog-ref-eldoc (callback &rest _)
  "Tell CALLBACK of the reference or hash at point, now or when it is known.
For `eldoc-documentation-functions'."
  (pcase (get-char-property (point) 'explog-ref-target)
    ('nil (setq explog-ref--eldoc-waits nil))
    (target
     (if-let ((text (explog-ref--describe target)))
         (funcall callback text)
       (setq explog-ref--eldoc-waits (list target callback)))
     t)))

(defun explog-ref--tell-eldoc (ids)
  "Tell eldoc what it waits for, if that is of one of IDS."
  (pcase explog-ref--eldoc-waits
    ((and `(,target ,callback) (guard (and (listp ids) (member (car target) ids))))
     (setq explog-ref--eldoc-waits nil)
     (when (equal target (get-char-property (window-point) 'explog-ref-target
                                            (window-buffer)))
       (when-let ((text (explog-ref--describe target)))
         (funcall callback text))))))

;;;; The mode

(defun explog-ref--open-in-org ()
  "Go to what the button at point stands for; return nil if there is none.
For `org-open-at-point-functions'."
  (when (get-char-property (point) 'explog-ref-target)
    (explog-ref-visit)
    t))

;;;###autoload
(define-minor-mode explog-ref-mode
  "Make buttons of references to experiments, as `[e201.1]'.
In a log, the hashes of commits on steps are buttons as well.
\\<explog-ref-button-map>\\[explog-ref-visit] or a mouse click goes there, eldoc and the tooltip
say what it is.  See `global-explog-ref-mode'."
  :group 'explog
  (explog-ref--take-down)
  (when explog-ref-mode
    (explog-ref--set-up)))

(defun explog-ref--set-up ()
  "Do what `explog-ref-mode' is for in this buffer."
  (add-hook 'explog-cache-changed-functions #'explog-ref--changed)
  (if (featurep 'explog-bridge)
      (require 'explog-cache)
    (add-hook 'explog-bridge-ready-hook #'explog-ref--load-cache))
  (add-hook 'change-major-mode-hook #'explog-ref--take-down nil t)
  (add-hook 'eldoc-documentation-functions #'explog-ref-eldoc nil t)
  (add-hook 'xref-backend-functions #'explog-ref-xref-backend -50 t)
  (when (derived-mode-p 'org-mode)
    (add-hook 'org-open-at-point-functions #'explog-ref--open-in-org nil t))
  (explog-ref--start-eldoc)
  ;; There, jit-lock would say that it does not work.
  (unless (buffer-base-buffer)
    (jit-lock-register #'explog-ref-button-fontify)))

(defun explog-ref--take-down ()
  "Take back what `explog-ref--set-up' did in this buffer."
  (remove-hook 'change-major-mode-hook #'explog-ref--take-down t)
  (remove-hook 'eldoc-documentation-functions #'explog-ref-eldoc t)
  (remove-hook 'xref-backend-functions #'explog-ref-xref-backend t)
  (remove-hook 'org-open-at-point-functions #'explog-ref--open-in-org t)
  (explog-ref--stop-eldoc)
  (when (memq #'explog-ref-button-fontify jit-lock-functions)
    (explog-ref--stop-jit-lock))
  (explog-ref-button-remove)
  (unless (seq-some (lambda (buffer) (buffer-local-value 'explog-ref-mode buffer))
                    (buffer-list))
    (remove-hook 'explog-bridge-ready-hook #'explog-ref--load-cache)
    (remove-hook 'explog-cache-changed-functions #'explog-ref--changed)))

(defun explog-ref--changed (ids)
  "Show what is known of the experiments with IDS now, or of any if t."
  (explog-ref-button-changed ids)
  (explog-ref--tell-eldoc ids))

(defun explog-ref--load-cache ()
  "Load what is asked for experiments, now that there is a server to ask."
  (require 'explog-cache))

(defun explog-ref--stop-jit-lock ()
  "Have no more buttons made, and leave nothing of jit-lock that only we used."
  (jit-lock-unregister #'explog-ref-button-fontify)
  (unless jit-lock-mode
    (remove-hook 'fontification-functions #'jit-lock-function t)
    (save-restriction
      (widen)
      (with-silent-modifications
        (remove-text-properties (point-min) (point-max) '(fontified nil))))))

(defvar-local explog-ref--eldoc-started nil
  "Non-nil if eldoc is on in this buffer for our sake alone.")

(defun explog-ref--start-eldoc ()
  "Turn eldoc on where the user has it on, and there was nothing to show so far."
  (when (and (bound-and-true-p global-eldoc-mode)
             (not (bound-and-true-p eldoc-mode)))
    (setq explog-ref--eldoc-started t)
    (eldoc-mode 1)))

(defun explog-ref--stop-eldoc ()
  "Turn eldoc off if it was turned on for our sake."
  (when explog-ref--eldoc-started
    (setq explog-ref--eldoc-started nil)
    (unless (local-variable-p 'eldoc-documentation-functions)
      (eldoc-mode -1))))

(defun explog-ref--turn-on ()
  "Turn on `explog-ref-mode' unless this buffer is of a kind that has no text."
  (unless (or (minibufferp)
              (string-prefix-p " " (buffer-name)))
    (explog-ref-mode 1)))

;;;###autoload
(define-globalized-minor-mode global-explog-ref-mode
  explog-ref-mode explog-ref--turn-on
  :group 'explog
  :predicate '((not term-mode vterm-mode eat-mode image-mode doc-view-mode
                    pdf-view-mode hexl-mode so-long-mode archive-mode tar-mode)
               t))

(provide 'explog-ref-mode)
;;; explog-ref-mode.el ends here
