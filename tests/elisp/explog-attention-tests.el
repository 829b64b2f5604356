;;; explog-attention-tests.el --- Tests for explog-attention.el  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Code:

(require 'explog-test)
(require 'explog-attention)
(require 'explog-server)

(defmacro explog-attention-tests--with (others &rest body)
  "Do BODY as with `explog-mode' on and OTHERS in the mode line."
  (declare (indent 1) (debug t))
  `(let ((explog-mode t)
         (global-mode-string ,others))
     (unwind-protect
         (progn ,@body)
       (explog-attention-restart))))

(ert-deftest explog-attention-test-comes-and-goes ()
  "The sign is there while there are problems; what others have there stays."
  (dolist (others (list nil "clock" '("" clock) '("clock") '(:eval (clock)) '(("x"))))
    (ert-info ((format "%S" others))
      (explog-attention-tests--with others
        (explog-attention-set 0 nil)
        (should (equal others global-mode-string))
        (explog-attention-set 2 '("one" "two"))
        (explog-attention-set 3 '("one" "two"))
        (should (= 1 (seq-count (lambda (part) (eq part 'explog-attention-sign))
                                global-mode-string)))
        (should (string= " explog:3!" explog-attention-sign))
        (should (equal "one\ntwo\n... and 1 more\nmouse-1: show the problems"
                       (get-text-property 1 'help-echo explog-attention-sign)))
        (explog-attention-set 0 nil)
        (should (equal others global-mode-string))
        (explog-attention-set 1 '("one"))
        (explog-attention-remove)
        (should (equal others global-mode-string))))))

(ert-deftest explog-attention-test-others-later ()
  "What others put there meanwhile stays as well."
  (explog-attention-tests--with nil
    (explog-attention-set 1 '("one"))
    (setq global-mode-string (append global-mode-string '(clock)))
    (explog-attention-set 0 nil)
    (should (equal '("" clock) global-mode-string))))

(ert-deftest explog-attention-test-no-server ()
  "It says that the server cannot run, and that it does again."
  (explog-attention-tests--with nil
    (let ((explog-server--problem "The explog server stopped"))
      (explog--attend)
      (should (string= " explog:!" explog-attention-sign)))
    (explog--attend)
    (should (equal nil global-mode-string))))

(ert-deftest explog-attention-test-command ()
  "The command leads to what helps, and says if there is nothing."
  (let (called)
    (cl-letf (((symbol-function 'explog-check-announced)
               (lambda (text) (push text called)))
              ((symbol-function 'explog-doctor)
               (lambda () (interactive) (push 'doctor called))))
      (explog-attention-tests--with nil
        (should-error (explog-attention) :type 'user-error)
        (explog-attention-set 2 '("two" "one"))
        (explog-attention)
        (should (equal '("two") called))
        (let ((explog-server--problem "The explog server stopped"))
          (explog-attention))
        (should (equal '(doctor "two") called))))))

(provide 'explog-attention-tests)
;;; explog-attention-tests.el ends here
